/* SPDX-License-Identifier: Apache-2.0 */
/* libaecodec: pictures to .aec files and back, with a codec that is loaded at run time.
 *
 *     aecodec_bundle *codec;
 *     aecodec_image picture;
 *     aecodec_status status = aecodec_bundle_open("photo.bundle", &codec);
 *     if (status == AECODEC_OK) {
 *         status = aecodec_decompress(codec, file, size, NULL, NULL, &picture);
 *         aecodec_bundle_close(codec);
 *     }
 *     if (status != AECODEC_OK)
 *         puts(aecodec_status_text(status));
 *
 * A codec is a bundle, one file that `aecodec export CODEC --format bundle` makes (docs/BUNDLE.md). Files are
 * those of aecodec in Python, byte for byte, if its networks compute the same integers, as LiteRT's reference
 * kernels do; only the bytes of an alpha plane may differ, which is kept without loss all the same.
 *
 * Functions may be called from several threads at once, with one bundle too, as long as nothing is added to it
 * meanwhile. Every function that can fail returns a status, and sets its results only if that is AECODEC_OK.
 * All but aecodec_bundle_open needs of the C library only memcpy, memmove, memset, memcmp, malloc and free. */
#ifndef AECODEC_LIBRARY_H
#define AECODEC_LIBRARY_H

#include "aecodec.h"
#include "aecodec_bands.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What went wrong, in a few words of English, such as "not a whole .aec file, or damaged". */
const char *aecodec_status_text(aecodec_status status);

/* ---- bundles ---- */

typedef struct aecodec_bundle aecodec_bundle;

/* Open a bundle and check the hashes of its sections. The file is read into memory, so that it
 * may change afterwards. A pipe or a device is AECODEC_UNREADABLE. */
aecodec_status aecodec_bundle_open(const char *path, aecodec_bundle **bundle);

/* Use a bundle that lies in memory, at an address that is a multiple of 64. It is not copied, and must
 * neither move nor change until the bundle is closed: map a file only if nobody rewrites it in place. Hashes of sections are not checked. Sections that end beyond size are absent: a
 * head alone will do, and aecodec_bundle_add brings them one by one. */
aecodec_status aecodec_bundle_from_memory(const void *bytes, size_t size, aecodec_bundle **bundle);

/* Add a section that is absent: number counts the entries of the directory, from 0. bytes are as above. */
aecodec_status aecodec_bundle_add(aecodec_bundle *bundle, uint32_t number, const void *bytes, size_t size);

void aecodec_bundle_close(aecodec_bundle *bundle); /* NULL is allowed */

/* SHA-256, for those who fetch sections. */
void aecodec_sha256(const uint8_t *bytes, size_t size, uint8_t digest[32]);

/* What a codec is. */
typedef struct {
    uint8_t sha256[32];            /* its identity; the first 4 bytes are the id in files */
    uint32_t tile_width, tile_height;
    uint32_t channels;             /* 1: grey, 3: RGB; either codes pictures of both kinds. 1 to 32 with bands */
    uint32_t receptive_field;      /* in tiles; 0: the networks take single tiles */
    uint32_t latent_channels;
    uint32_t vectors_per_tile;
    uint32_t levels;               /* levels are 1 (the smallest files) to this one (the best pictures) */
    uint32_t default_level;
    uint32_t has_gains;            /* 1: there are levels between two, in sixteenths */
    uint32_t sections;             /* entries of the directory */
    char name[404];                /* UTF-8 */
    uint32_t phases;               /* 0: codes pictures; 1, 2, 4 or 8: codes samples of bands, whose values are
                                    * 0 to 255 * phases */
} aecodec_codec_facts;

void aecodec_bundle_facts(const aecodec_bundle *bundle, aecodec_codec_facts *facts);

typedef enum { AECODEC_ENCODER = 1, AECODEC_DECODER = 2, AECODEC_LEVEL = 3, AECODEC_BANDS = 4 } aecodec_section_kind;

/* An entry of the directory. */
typedef struct {
    uint32_t kind;         /* aecodec_section_kind */
    uint32_t level;        /* number of the level; 0 for a network */
    uint32_t offset, size; /* in the file */
    uint32_t is_present;
    uint8_t sha256[32];
} aecodec_section;

/* Returns AECODEC_OK, or AECODEC_BAD_ARGUMENT if there is no such entry. */
aecodec_status aecodec_bundle_section(const aecodec_bundle *bundle, uint32_t number, aecodec_section *section);

/* The bytes of the section of a kind and level that is present, such as a network plan; NULL if it is not. */
const void *aecodec_bundle_find(const aecodec_bundle *bundle, uint32_t kind, uint32_t level, size_t *size);

/* A band of a codec with phases. */
typedef struct {
    double low, high; /* limits of its samples, unless a file has its own */
    char name[404];   /* UTF-8 */
} aecodec_band;

/* Returns AECODEC_OK, AECODEC_BAD_ARGUMENT if there is no such band, or AECODEC_ABSENT. */
aecodec_status aecodec_bundle_band(const aecodec_bundle *bundle, uint32_t number, aecodec_band *band);

/* ---- pictures ---- */

/* Pictures of one size: frames x height x width x channels bytes. */
typedef struct {
    uint32_t width, height;
    uint32_t channels; /* 1: grey, 2: grey and alpha, 3: RGB, 4: RGB and alpha; alpha is straight */
    uint32_t frames;   /* at least 1 */
    uint8_t *pixels;
} aecodec_image;

/* What a caller accepts of a file, checked before anything is allocated; 0 stands for the default. */
typedef struct {
    uint32_t max_pixels; /* of all frames. Default: 178,956,970, and no more than 640 for each byte of the file
                          * or 2^21, whichever is more */
    uint32_t max_frames; /* default: one for each 8 bytes of the file, and 1000 in any case */
    size_t max_memory;   /* bytes that the picture, its latents and the network's working memory may take
                          * together; default: no limit */
} aecodec_limits;

/* Told how much of the work is done. report returns 0 to go on, anything else to cancel. */
typedef struct {
    int (*report)(void *context, uint32_t done, uint32_t of);
    void *context;
} aecodec_progress;

/* Decompress a file. limits and progress may be NULL. The picture is freed with aecodec_image_free. */
aecodec_status aecodec_decompress(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                                  const aecodec_limits *limits, const aecodec_progress *progress,
                                  aecodec_image *picture);

/* Compress a picture. The file is freed with aecodec_free.
 *
 * level: in sixteenths, 16 for level 1; 0 for the codec's default, or where max_bytes chooses.
 * max_bytes: 0, or the most bytes that the file may have: the best such file is made, of a reduced picture
 *     where that is better (which takes the decoder network, too).
 *
 * Returns AECODEC_OK, AECODEC_TOO_FEW_BYTES if no file is so small, or any other status. */
aecodec_status aecodec_compress(const aecodec_bundle *bundle, const aecodec_image *picture, uint32_t level,
                                size_t max_bytes, const aecodec_progress *progress, uint8_t **file,
                                size_t *size);

void aecodec_image_free(aecodec_image *picture); /* sets pixels to NULL */
void aecodec_free(void *memory);

/* ---- samples of bands: for codecs with phases, which do not take pictures ---- */

/* Samples of some bands: frames x height x width x bands numbers in the byte order of this machine. */
typedef struct {
    uint32_t width, height;
    uint32_t bands;         /* as many as the codec has */
    uint32_t frames;        /* at least 1 */
    uint32_t type;          /* aecodec_sample_type; float16 are their bits in 16 bits */
    uint32_t layout;        /* axes of the array that the samples come from, which files keep: 0 height, width;
                             * 1 height, width, bands; 2 frames, height, width; 3 frames, height, width, bands;
                             * 4 bands, height, width; 5 frames, bands, height, width. 0, 1 and 4 have one frame, 0 and
                             * 2 one band. The order here is that of 3 in any case */
    uint32_t is_big_endian; /* the file that the samples come from is; kept, too */
    uint32_t has_nodata;    /* 1: missing samples have the value nodata; 0: they are NaN, or 0 of integer types */
    double nodata;          /* a number of the type */
    const double *limits;   /* [bands][2] low, high of this file; NULL: those of the codec, or wider ones if
                             * samples lie outside and the codec has file_limits */
    uint32_t mask_planes;   /* 1, or one for each band; 0 if missing is NULL */
    uint8_t *missing;       /* [frames][height][width][mask_planes] 1: missing, else 0 */
    void *samples;          /* at a multiple of a sample's size */
} aecodec_samples;

/* Decompress a file with samples; the arguments are those of aecodec_decompress. limits of the result is NULL. Free
 * the result with aecodec_samples_free. */
aecodec_status aecodec_decompress_samples(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                                          const aecodec_limits *limits, const aecodec_progress *progress,
                                          aecodec_samples *samples);

/* Compress samples; level, max_bytes and the file are those of aecodec_compress, except that samples are never
 * reduced. Samples are missing if they are NaN or nodata, or if missing says so; all others must be finite, or the
 * result is AECODEC_BAD_IMAGE. Samples beyond the limits are clipped.
 *
 * clipped: NULL, or [bands]: how many samples were clipped, written. */
aecodec_status aecodec_compress_samples(const aecodec_bundle *bundle, const aecodec_samples *samples, uint32_t level,
                                        size_t max_bytes, const aecodec_progress *progress, uint64_t *clipped,
                                        uint8_t **file, size_t *size);

void aecodec_samples_free(aecodec_samples *samples); /* sets samples and missing to NULL */

/* How like a picture another one of the same size is, by MS-SSIM; by PSNR, if a side has fewer than 11 pixels.
 * aecodec_compress chooses by it among several files of max_bytes. Alpha does not count. */
aecodec_status aecodec_likeness(const aecodec_image *original, const aecodec_image *restored, double *likeness);

/* ---- step by step, for programs that run the network themselves, in several threads or workers ----
 *
 *     aecodec_decoding *d;
 *     status = aecodec_decoding_begin(codec, file, size, NULL, 0, &d);
 *     for (n = 0; n < aecodec_decoding_windows(d); n++) {
 *         aecodec_decoding_window(d, n, &w);
 *         aecodec_decoding_input(d, n, input);        // w.input_size bytes
 *         aecodec_network_run(&network, w.rows, w.columns, input, output, work, work_size);
 *         aecodec_decoding_output(d, n, output);      // w.output_size bytes
 *     }
 *     status = aecodec_decoding_finish(d, &picture);
 *     aecodec_decoding_free(d);
 *
 * The networks are the sections of the bundle (aecodec_network.h). Windows may be worked on in any order. */

/* One run of a network. */
typedef struct {
    uint32_t rows, columns;           /* of its input: pixels or code vectors */
    uint32_t input_size, output_size; /* bytes */
} aecodec_window;

typedef struct aecodec_decoding aecodec_decoding;

/* Check a file and decode its latents.
 *
 * parts: the least number of windows, where the picture is large enough for them; 0: those that suit the memory. */
aecodec_status aecodec_decoding_begin(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                                      const aecodec_limits *limits, uint32_t parts,
                                      aecodec_decoding **decoding);
uint32_t aecodec_decoding_windows(const aecodec_decoding *decoding);
void aecodec_decoding_window(const aecodec_decoding *decoding, uint32_t number, aecodec_window *window);
void aecodec_decoding_input(const aecodec_decoding *decoding, uint32_t number, int8_t *input);
void aecodec_decoding_output(aecodec_decoding *decoding, uint32_t number, const int8_t *output);
/* Put the picture or the samples together, once all windows have their output. */
aecodec_status aecodec_decoding_finish(aecodec_decoding *decoding, aecodec_image *picture);
aecodec_status aecodec_decoding_finish_samples(aecodec_decoding *decoding, aecodec_samples *samples);
void aecodec_decoding_free(aecodec_decoding *decoding); /* NULL is allowed */

typedef struct aecodec_encoding aecodec_encoding;

/* The picture must stay until the encoding is freed.
 *
 * reduction: how many times smaller the sides are coded, in halves; 2 codes the picture in full size. More
 *     than 2 is for codecs with a receptive field.
 * parts: as above. */
aecodec_status aecodec_encoding_begin(const aecodec_bundle *bundle, const aecodec_image *picture,
                                      uint32_t reduction, uint32_t parts, aecodec_encoding **encoding);
/* The same for samples, which need not stay. clipped is as for aecodec_compress_samples. */
aecodec_status aecodec_encoding_begin_samples(const aecodec_bundle *bundle, const aecodec_samples *samples,
                                              uint32_t parts, uint64_t *clipped, aecodec_encoding **encoding);
uint32_t aecodec_encoding_windows(const aecodec_encoding *encoding);
void aecodec_encoding_window(const aecodec_encoding *encoding, uint32_t number, aecodec_window *window);
void aecodec_encoding_input(const aecodec_encoding *encoding, uint32_t number, int8_t *input);
void aecodec_encoding_output(aecodec_encoding *encoding, uint32_t number, const int8_t *output);
/* Make the file at a level, once all windows have their output; as often as one likes. */
aecodec_status aecodec_encoding_file(const aecodec_encoding *encoding, uint32_t level, uint8_t **file,
                                     size_t *size);
void aecodec_encoding_free(aecodec_encoding *encoding); /* NULL is allowed */

#ifdef __cplusplus
}
#endif

#endif
