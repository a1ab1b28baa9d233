/* SPDX-License-Identifier: Apache-2.0 */
/* Short cuts for what most tests do on the way to what they prove. Each fails the test if it
   fails. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "check.h"

/* Small geometry (64 KiB, 4 slots, 4 readers), and no waiting. */
mms_writer_options sample_options(void);

mms_writer *sample_writer(const char *path);
mms_writer *sample_writer_with(const char *path, mms_writer_options options);
mms_region *sample_region(const char *path);
mms_reader *sample_reader(mms_region *region);
/* A reader that holds the current value. */
mms_reader *holding_reader(mms_region *region);

/* A region with one value in it, whose writer is gone. Returns its generation. */
uint64_t sample_closed_region(const char *path, const char *text);

/* Publish a text without its final zero. Returns the generation. */
uint64_t publish_text(mms_writer *writer, const char *text);
/* Publish this many bytes and store only the first one: for tests of the memory that the library
   takes. */
void publish_size(mms_writer *writer, size_t size);
/* Read and release: the value is this text. */
void check_reads(mms_reader *reader, const char *text);
/* Read and hold: the value is this text. */
mms_view check_holds(mms_reader *reader, const char *text);
/* From the outside, by copy: the value is this text. */
void check_copies(const char *path, const char *text);

/* The bytes of path/name. */
void load_bytes(const char *path, const char *name, size_t offset, void *bytes, size_t size);
void patch_bytes(const char *path, const char *name, size_t offset, const void *bytes, size_t size);
void patch_word(const char *path, const char *name, size_t offset, uint64_t value);
void flip_bits(const char *path, const char *name, size_t offset, unsigned char mask);
/* As if the machine had been booted since: the files of a closed region are from another boot. */
void pretend_reboot(const char *path);
uint64_t file_size(const char *path, const char *name);
uint64_t file_blocks(const char *path, const char *name); /* bytes allocated to it */

/* A number that changes if any name, kind, mode, size or byte in a directory changes. */
uint64_t tree_digest(const char *path);

#endif
