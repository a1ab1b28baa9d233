/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/record.h"
#include <stdlib.h>
#include <zstd.h>

/* Fast enough for any network that such values travel on. */
enum { PACK_LEVEL = 1, TRY_AGAIN = 16, WORTH_TRYING = 256 };

bool buffer_reserve(struct buffer *buffer, size_t capacity)
{
    unsigned char *data;

    if (capacity <= buffer->capacity)
        return true;
    data = realloc(buffer->data, capacity);
    if (!data)
        return false;
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

static bool pack(struct codec *codec, const void *data, size_t size)
{
    size_t packed;

    if (!codec->compressor)
        codec->compressor = ZSTD_createCCtx();
    if (!codec->compressor || !buffer_reserve(&codec->packed, ZSTD_compressBound(size)))
        return false;
    packed = ZSTD_compressCCtx(codec->compressor, codec->packed.data, codec->packed.capacity, data, size, PACK_LEVEL);
    if (ZSTD_isError(packed))
        return false;
    codec->packed.size = packed;
    return packed <= size - size / 10;
}

bool codec_pack(struct codec *codec, const void *data, size_t size)
{
    bool small = size < WORTH_TRYING;

    if (small || (codec->unpacked_run > 0 && codec->unpacked_run++ < TRY_AGAIN))
        return false;
    codec->unpacked_run = pack(codec, data, size) ? 0 : 1;
    return codec->unpacked_run == 0;
}

bool codec_unpack(struct codec *codec, const void *data, size_t packed, void *out, size_t size)
{
    if (!codec->decompressor)
        codec->decompressor = ZSTD_createDCtx();
    /* NOLINTNEXTLINE(readability-suspicious-call-argument): first where it goes, then where it comes from */
    return codec->decompressor && ZSTD_decompressDCtx(codec->decompressor, out, size, data, packed) == size;
}

void codec_free(struct codec *codec)
{
    ZSTD_freeCCtx(codec->compressor);
    ZSTD_freeDCtx(codec->decompressor);
    free(codec->body.data);
    free(codec->packed.data);
    free(codec->ranges);
    *codec = (struct codec){.compressor = NULL};
}
