/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/connection.h"
#include <stdlib.h>
#include <string.h>

/* An empty variable counts as none. */
static const char *from_environment(const char *name)
{
    const char *value = getenv(name); /* NOLINT(concurrency-mt-unsafe): before libnats has threads */

    return value && *value ? value : NULL;
}

void connection_options_init(struct connection_options *options)
{
    *options = (struct connection_options){
        .user = from_environment("NATS_USER"),
        .password = from_environment("NATS_PASSWORD"),
        .token = from_environment("NATS_TOKEN"),
        .creds = from_environment("NATS_CREDS"),
        .nkey = from_environment("NATS_NKEY"),
        .ca = from_environment("NATS_CA"),
        .cert = from_environment("NATS_CERT"),
        .key = from_environment("NATS_KEY"),
    };
}

void set_connection_option(struct connection_options *options, int option)
{
    switch (option) {
    case CONNECTION_USER: options->user = optarg; break;
    case CONNECTION_PASSWORD: options->password = optarg; break;
    case CONNECTION_TOKEN: options->token = optarg; break;
    case CONNECTION_CREDS: options->creds = optarg; break;
    case CONNECTION_NKEY: options->nkey = optarg; break;
    case CONNECTION_CA: options->ca = optarg; break;
    case CONNECTION_CERT: options->cert = optarg; break;
    case CONNECTION_KEY: options->key = optarg; break;
    case CONNECTION_DOMAIN: options->domain = optarg; break;
    }
}

bool is_relay_name(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    const size_t length = strlen(name);

    return length > 0 && length <= NAME_MOST && strspn(name, allowed) == length;
}
