/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dump_print.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include <inttypes.h>
#include <stdio.h>

static void print_line(const struct dump *dump, const mms_receipt *receipt, bool reset)
{
    char when[TEXT_SIZE];

    if (receipt) {
        printf("generation=%" PRIu64 " size=%zu slot=%u dumped=%" PRIu64 "%s\n", receipt->generation, receipt->size,
               receipt->slot, dump->generation, reset ? " reset" : "");
        return;
    }
    printf("dumped=%" PRIu64 " size=%" PRIu64 " time=%s", dump->generation, dump->size,
           dump->publish_time_ns ? format_time(when, dump->publish_time_ns) : "unknown");
    if (dump->type_id[0] | dump->type_id[1])
        printf(" type=%016" PRIx64 "%016" PRIx64, dump->type_id[0], dump->type_id[1]);
    if (dump->schema_size)
        printf(" schema=%" PRIu64, dump->schema_size);
    if (dump->tag)
        printf(" tag=%" PRIu64, dump->tag);
    putchar('\n');
}

static void print_number(const char *key, uint64_t value, bool is_known)
{
    if (is_known)
        printf(", \"%s\": %" PRIu64, key, value);
    else
        printf(", \"%s\": null", key);
}

static void print_json(const struct dump *dump, const mms_receipt *receipt, bool reset)
{
    printf("{\"dumped\": %" PRIu64 ", \"size\": %" PRIu64, dump->generation, dump->size);
    if (receipt)
        printf(", \"generation\": %" PRIu64 ", \"slot\": %u, \"reset\": %s", receipt->generation, receipt->slot,
               reset ? "true" : "false");
    print_number("publish_time_ns", dump->publish_time_ns, dump->publish_time_ns != 0);
    if (dump->type_id[0] | dump->type_id[1])
        printf(", \"type_id\": \"%016" PRIx64 "%016" PRIx64 "\"", dump->type_id[0], dump->type_id[1]);
    else
        printf(", \"type_id\": null");
    print_number("schema_size", dump->schema_size, dump->schema_size != 0);
    print_number("tag", dump->tag, true);
    printf(", \"checksum\": %s", dump->has_checksum ? "true" : "false");
    print_number("max_size", dump->max_size, dump->max_size != 0);
    print_number("max_slots", dump->max_slots, dump->max_slots != 0);
    print_number("max_readers", dump->max_readers, dump->max_readers != 0);
    puts("}");
}

int dump_print(const struct dump *dump, const mms_receipt *receipt, bool reset)
{
    if (wants_json())
        print_json(dump, receipt, reset);
    else
        print_line(dump, receipt, reset);
    return EXIT_OK;
}
