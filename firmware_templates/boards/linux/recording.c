/*
 * Samples from a file. See recording.h. The form of a WAV: Multimedia Programming Interface and Data Specifications 1.0
 * (IBM, Microsoft, 1991), and WAVEFORMATEXTENSIBLE (Microsoft).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE
#include "recording.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "say.h"

enum {
    RATE_HZ = 16000,
    SAMPLE_BITS = 16,
    RIFF_HEADER_BYTES = 12,
    CHUNK_HEADER_BYTES = 8,
    FORMAT_BYTES = 16,
    EXTENSIBLE_BYTES = 26, /* up to the format's tag in the GUID */
    SUBFORMAT_OFFSET = 24,
    FORMAT_PCM = 1,
    FORMAT_EXTENSIBLE = 0xFFFE,
};

static const uint32_t unknown_size = 0xFFFFFFFF; /* of programs that cannot go back to the header */

static unsigned word(const uint8_t *bytes)
{
    return bytes[0] | (unsigned)bytes[1] << 8;
}

static uint32_t long_word(const uint8_t *bytes)
{
    return word(bytes) | (uint32_t)word(bytes + 2) << 16;
}

/* Reads past count bytes; false at the end of the file. */
static bool skip(FILE *file, uint64_t count)
{
    uint8_t bytes[512];

    while (count > 0) {
        const size_t wanted = count < sizeof bytes ? (size_t)count : sizeof bytes;
        if (fread(bytes, 1, wanted, file) != wanted) {
            return false;
        }
        count -= wanted;
    }
    return true;
}

static void check_format(const uint8_t *format, size_t count, const char *path)
{
    unsigned tag = word(format);
    if (tag == FORMAT_EXTENSIBLE && count >= EXTENSIBLE_BYTES) {
        tag = word(format + SUBFORMAT_OFFSET);
    }
    const unsigned channels = word(format + 2);
    const uint32_t rate_hz = long_word(format + 4);
    const unsigned bits = word(format + 14);

    if (tag != FORMAT_PCM || channels != 1 || rate_hz != RATE_HZ || bits != SAMPLE_BITS) {
        refuse("%s is %lu Hz, %u channels, %u bit, format %u, not 16000 Hz, 1 channel, 16 bit, format 1; convert it: "
               "sox FILE -r 16000 -c 1 -b 16 -e signed NEW.wav",
               path, (unsigned long)rate_hz, channels, bits, tag);
    }
}

/* Moves to the samples of a WAV and returns how many bytes they have. */
static uint64_t find_samples(FILE *file, const char *path)
{
    uint8_t header[RIFF_HEADER_BYTES];
    uint8_t chunk[CHUNK_HEADER_BYTES];
    bool has_format = false;

    if (fread(header, 1, sizeof header, file) != sizeof header || memcmp(header, "RIFF", 4) != 0 ||
        memcmp(header + 8, "WAVE", 4) != 0) {
        refuse("%s is not a WAV file; give samples without a header as --raw", path);
    }
    while (fread(chunk, 1, sizeof chunk, file) == sizeof chunk) {
        const uint32_t size = long_word(chunk + 4);
        uint8_t format[EXTENSIBLE_BYTES] = {0};
        size_t taken = 0;
        if (memcmp(chunk, "data", 4) == 0) {
            if (!has_format) {
                refuse("%s has samples before it says what they are; save it again as WAV", path);
            }
            return size == 0 || size == unknown_size ? UINT64_MAX : size;
        }
        if (memcmp(chunk, "fmt ", 4) == 0) {
            taken = fread(format, 1, size < sizeof format ? size : sizeof format, file);
            if (taken < FORMAT_BYTES) {
                break;
            }
            check_format(format, taken, path);
            has_format = true;
        }
        if (!skip(file, (uint64_t)size + size % 2U - taken)) {
            break;
        }
    }
    refuse("%s has no samples: it is cut off, or damaged; save it again as WAV", path);
}

void recording_open(struct recording *recording, const char *path, bool is_wav)
{
    FILE *file = fopen(path, "rbe");

    if (file == NULL) {
        refuse("%s cannot be read: %s; give another file", path, strerror(errno));
    }
    if (ungetc(fgetc(file), file) == EOF) {
        refuse("%s is empty or not a file; give another", path);
    }
    recording->file = file;
    recording->bytes = is_wav ? find_samples(file, path) : UINT64_MAX;
    recording->begin = ftello(file);
    recording->bytes_left = recording->bytes;
}

size_t recording_read(struct recording *recording, int16_t *samples, size_t max)
{
    size_t count = 0;
    uint8_t pair[2];

    while (count < max && recording->bytes_left >= sizeof pair) {
        if (fread(pair, 1, sizeof pair, recording->file) != sizeof pair) {
            recording->bytes_left = 0;
            break;
        }
        recording->bytes_left -= recording->bytes_left == UINT64_MAX ? 0 : sizeof pair;
        samples[count++] = (int16_t)(uint16_t)word(pair);
    }
    return count;
}

bool recording_is(const struct recording *recording, int descriptor)
{
    struct stat mine;
    struct stat other;

    return fstat(fileno(recording->file), &mine) == 0 && fstat(descriptor, &other) == 0 &&
           mine.st_dev == other.st_dev && mine.st_ino == other.st_ino;
}

bool recording_at_end(const struct recording *recording)
{
    return recording->bytes_left < 2;
}

void recording_rewind(struct recording *recording)
{
    if (recording->begin >= 0 && fseeko(recording->file, recording->begin, SEEK_SET) == 0) {
        recording->bytes_left = recording->bytes;
    }
}
