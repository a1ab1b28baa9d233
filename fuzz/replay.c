/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target without a fuzzer: replay [--random N | --seconds S] PATH... runs it on each
   file given, and on each file in each directory given; then on N damaged copies of each, or on
   such copies for S seconds. Ends with an error if there is no file. The seed is printed;
   MMSYNC_SEED repeats a run. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    uint8_t *data;
    size_t size;
};

static struct input *inputs;
static size_t count;
static uint64_t seed;

static void *resize(void *memory, size_t size)
{
    memory = realloc(memory, size > 0 ? size : 1);
    if (!memory)
        abort();
    return memory;
}

/* In memory that ends where the input does, so that a sanitizer notices an access past it. */
static void run_bytes(const uint8_t *data, size_t size)
{
    uint8_t *copy = resize(NULL, size);

    if (size > 0)
        memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_file(const char *path)
{
    FILE *file = fopen(path, "rbe");
    struct input input = {0};
    size_t room = 0;

    if (!file) {
        perror(path);
        exit(1);
    }
    do {
        room = 2 * room + 4096;
        input.data = resize(input.data, room);
        input.size += fread(input.data + input.size, 1, room - input.size, file);
    } while (input.size == room);
    fclose(file);
    fprintf(stderr, "%s\n", path);
    run_bytes(input.data, input.size);
    inputs = resize(inputs, (count + 1) * sizeof *inputs);
    inputs[count++] = input;
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

/* ---- Damage ---- */

static size_t draw(size_t below)
{
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15); /* SplitMix64 */

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (size_t)((z ^ z >> 31) % below);
}

static void splice(uint8_t *data, size_t size)
{
    size_t length = 1 + draw(size < 64 ? size : 64);

    memmove(data + draw(size - length + 1), data + draw(size - length + 1), length);
}

/* Returns the size that is left. */
static size_t hurt(uint8_t *data, size_t size)
{
    static const uint32_t words[] = {0, 1, 0x4000, 0x7fff, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff8};
    size_t at = draw(size);

    switch (draw(6)) {
    case 0: data[at] ^= (uint8_t)(1u << draw(8)); break;
    case 1: data[at] = (uint8_t)draw(256); break;
    case 2: return size - draw(size / 4 + 1);
    case 3: splice(data, size); break;
    default:
        at &= ~(size_t)1;
        if (size - at >= 4)
            memcpy(data + at, &words[draw(sizeof words / sizeof *words)], draw(2) ? 4 : 2);
        break;
    }
    return size;
}

static void run_damaged(const struct input *input)
{
    uint8_t *copy = resize(NULL, input->size);
    size_t size = input->size;

    if (size > 0)
        memcpy(copy, input->data, size);
    for (size_t times = 1 + draw(4); times > 0 && size > 0; times--)
        size = hurt(copy, size);
    run_bytes(copy, size);
    free(copy);
}

static unsigned long run_random(unsigned long each, time_t end)
{
    unsigned long runs = 0;

    for (unsigned long round = 0; count > 0 && (each > 0 ? round < each : time(NULL) < end); round++)
        for (size_t i = 0; i < count; i++, runs++)
            run_damaged(&inputs[i]);
    return runs;
}

int main(int argc, char **argv)
{
    const char *given = getenv("MMSYNC_SEED"), *option = argc > 2 && argv[1][0] == '-' ? argv[1] : NULL;
    unsigned long number = option ? strtoul(argv[2], NULL, 10) : 0, runs = 0;

    for (int i = option ? 3 : 1; i < argc; i++)
        run_all(argv[i]);
    seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    if (option) {
        printf("MMSYNC_SEED=%llu\n", (unsigned long long)seed);
        fflush(stdout);
        runs = run_random(strcmp(option, "--random") == 0 ? number : 0, time(NULL) + (time_t)number);
    }
    printf("%zu inputs, %lu damaged\n", count, runs);
    for (size_t i = 0; i < count; i++)
        free(inputs[i].data);
    free(inputs);
    if (count > 0)
        return 0;
    fprintf(stderr, "there was no input\n");
    return 1;
}
