/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of a fuzz target where there is no fuzzer: runs it on each file given, and on each file in each directory given.
   Ends with an error if there is none. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned inputs;

static void run_file(const char *path)
{
    FILE *file = fopen(path, "rbe");
    uint8_t *data = NULL;
    size_t size = 0, room = 0;

    if (!file) {
        perror(path);
        exit(1);
    }
    do {
        room = 2 * room + 4096;
        data = realloc(data, room);
        if (!data)
            abort();
        size += fread(data + size, 1, room - size, file);
    } while (size == room);
    fclose(file);
    data =
        realloc(data, size + (size == 0)); /* it ends where the input ends, so that a sanitizer sees a step outside */
    if (!data)
        abort();
    fprintf(stderr, "%s\n", path);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    inputs++;
}

static void run_all(const char *path)
{
    DIR *entries = opendir(path);
    char *name;

    if (!entries) {
        run_file(path);
        return;
    }
    for (struct dirent *entry; (entry = readdir(entries));)
        if (*entry->d_name != '.') {
            if (asprintf(&name, "%s/%s", path, entry->d_name) < 0)
                abort();
            run_file(name);
            free(name);
        }
    closedir(entries);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run_all(argv[i]);
    printf("%u inputs\n", inputs);
    if (inputs > 0)
        return 0;
    fprintf(stderr, "there was no input\n");
    return 1;
}
