/* SPDX-License-Identifier: Apache-2.0 */
/* libaecodec: compress and decompress .aec files with a codec that is loaded at run time.
 *
 *     aecodec_bundle *codec;
 *     aecodec_image picture;
 *     aecodec_status status = aecodec_bundle_open("photo.aecodec", &codec);
 *     if (status == AECODEC_OK) {
 *         status = aecodec_decompress(codec, file, size, NULL, NULL, &picture);
 *         aecodec_bundle_close(codec);
 *     }
 *     if (status != AECODEC_OK)
 *         puts(aecodec_status_text(status));
 *
 * A codec is a file such as photo.aecodec (docs/FORMAT.md, section 3), which `aecodec train` and `aecodec
 * import` write.
 *
 * Several threads may call functions at once, also with the same bundle, as long as no section is added to
 * it. Functions that can fail return a status, and set their results only if it is AECODEC_OK. Except for
 * aecodec_bundle_open, the library needs only memcpy, memmove, memset, memcmp, malloc, calloc and free of the
 * C library. */
#ifndef AECODEC_LIBRARY_H
#define AECODEC_LIBRARY_H

#include "aecodec.h"
#include "aecodec_bands.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- statuses ---- */

/* Return a message for a status, such as "damaged: the mask does not inflate to the picture's size". */
const char *aecodec_status_text(aecodec_status status);

/* What is at fault. */
typedef enum {
    AECODEC_NO_ERROR = 0,
    AECODEC_USAGE_ERROR,  /* the arguments: a level, a target, or a call that the file does not allow */
    AECODEC_IMAGE_ERROR,  /* the picture or the samples */
    AECODEC_FORMAT_ERROR, /* the file: it is damaged, or has an unknown version */
    AECODEC_CODEC_ERROR,  /* the codec: it is damaged, lacks a section, or did not make the file */
    AECODEC_LIMIT_ERROR,  /* the file claims more than the limits allow */
    AECODEC_OTHER_ERROR   /* memory, a cancelled call, or a bug in aecodec */
} aecodec_error;

aecodec_error aecodec_status_error(aecodec_status status);

/* ---- threads ---- */

typedef void (*aecodec_task)(void *argument, uint32_t number);

/* How calls execute their loops. The library starts no threads. If the caller has threads, it can share the
 * tasks among them. Every execution argument may be NULL: the tasks then run one after the other. */
typedef struct {
    /* Run task(argument, n) for all n from 0 to count - 1, in any order and on any threads, and return when
     * all are finished. Return 0, or any other number to cancel the call; tasks may then be skipped. A call
     * has several loops, and the tasks of a loop take about equally long, so you can report progress here.
     * The library runs a single task directly. */
    int (*for_each)(void *context, uint32_t count, aecodec_task task, void *argument);
    void *context;
    uint32_t threads; /* tasks that run at once, for memory and the sizes of windows; 0 is 1 */
} aecodec_execution;

/* ---- codecs ---- */

typedef struct aecodec_bundle aecodec_bundle; /* an opened codec */

enum { AECODEC_MAX_REFINEMENTS = 16 };

/* Open a codec file and check its hashes. The file is read into memory, so it may change afterwards.
 * Returns AECODEC_UNREADABLE for an empty file or a device, and AECODEC_BAD_BUNDLE for a file that is
 * damaged or incomplete. */
aecodec_status aecodec_bundle_open(const char *path, aecodec_bundle **bundle);

/* Use a codec file in memory, at an address that is a multiple of 64. The bytes are not copied, and must
 * not move or change until the codec is closed; map a file only if no program rewrites it in place. Hashes
 * of sections are not checked. Sections that end beyond size are absent: the head is enough, and
 * aecodec_bundle_add adds sections later. */
aecodec_status aecodec_bundle_from_memory(const void *bytes, size_t size, aecodec_bundle **bundle);

/* Add an absent section. number: index in the directory, from 0. bytes: as for aecodec_bundle_from_memory. */
aecodec_status aecodec_bundle_add(aecodec_bundle *bundle, uint32_t number, const void *bytes, size_t size);

void aecodec_bundle_close(aecodec_bundle *bundle); /* NULL is allowed */

/* The built-in codec `samples`, which needs no file; do not close it. It codes pictures, and samples of all
 * types with up to AECODEC_MAX_BANDS bands, within bounds, or without loss if you set no bounds. It has no
 * networks and no levels. Except for the name and the id, the fields of its description are 0. */
const aecodec_bundle *aecodec_samples_codec(void);

/* SHA-256, for programs that download sections. */
void aecodec_sha256(const uint8_t *bytes, size_t size, uint8_t digest[32]);

/* The description of a codec. */
typedef struct {
    uint8_t sha256[32];            /* identifies the codec; files contain the first 4 bytes */
    uint32_t tile_width, tile_height;
    uint32_t channels;             /* 1: grey, 3: RGB; both code grey and RGB pictures. With bands: 1 to 32 */
    uint32_t receptive_field;      /* in tiles; 0: the networks process single tiles */
    uint32_t latent_channels;
    uint32_t vectors_per_tile;
    uint32_t levels; /* number of levels: 1 has the smallest files, the last the best pictures */
    uint32_t default_level;
    uint32_t has_gains;            /* 1: levels can be interpolated, in sixteenths */
    uint32_t sections;             /* entries of the directory */
    char name[404];                /* UTF-8 */
    /* 0: codes pictures; 1, 2, 4 or 8: codes samples of bands, with values from 0 to 255 * phases */
    uint32_t phases;
} aecodec_codec_facts;

void aecodec_bundle_facts(const aecodec_bundle *bundle, aecodec_codec_facts *facts);

typedef enum {
    AECODEC_ENCODER = 1,
    AECODEC_DECODER = 2,
    AECODEC_LEVEL = 3,
    AECODEC_BANDS = 4,
    AECODEC_PRIMER = 5,
    AECODEC_MEASUREMENTS = 6 /* UTF-8 JSON */
} aecodec_section_kind;

/* An entry of the directory. */
typedef struct {
    uint32_t kind;         /* aecodec_section_kind */
    uint32_t level;        /* number of the level; otherwise 0 */
    uint32_t offset, size; /* in the file; offset 0: the file leaves the section out */
    uint32_t is_present;
    uint8_t sha256[32];
} aecodec_section;

/* Returns AECODEC_OK, or AECODEC_BAD_ARGUMENT for an unknown number. */
aecodec_status aecodec_bundle_section(const aecodec_bundle *bundle, uint32_t number,
                                      aecodec_section *section);

/* The content of the first section with a kind and level, such as a network plan; NULL if it is absent. */
const void *aecodec_bundle_find(const aecodec_bundle *bundle, uint32_t kind, uint32_t level, size_t *size);

/* A band of a codec with phases. */
typedef struct {
    double low, high; /* limits of its samples, unless a file has its own limits */
    char name[404];   /* UTF-8 */
} aecodec_band;

/* Returns AECODEC_OK, AECODEC_BAD_ARGUMENT for an unknown number, or AECODEC_ABSENT. */
aecodec_status aecodec_bundle_band(const aecodec_bundle *bundle, uint32_t number, aecodec_band *band);

/* ---- pictures ---- */

/* Pictures of one size: frames x height x width x channels bytes. */
typedef struct {
    uint32_t width, height;
    uint32_t channels; /* 1: grey, 2: grey and alpha, 3: RGB, 4: RGB and alpha; alpha is straight */
    uint32_t frames;   /* at least 1 */
    uint8_t *pixels;
    /* for compression: entries of the metadata block (FORMAT, section 1), stored unchanged; NULL without
     * metadata. "Grey as RGB" is added by the library. NULL after decompression */
    const uint8_t *metadata;
    size_t metadata_size;    /* bytes */
} aecodec_image;

/* Limits on a file, which the library checks before it allocates memory, and which part of the file it
 * decompresses; 0 selects the default. */
typedef struct {
    /* pixels of all frames. Default: 178,956,970, but at most 32768 per byte of the file, or 2^21 if that is
     * more */
    uint64_t max_pixels;
    uint32_t max_frames;  /* default: one per 8 bytes of the file, but at least 1000 */
    uint32_t base_only;   /* 1: without refinements; AECODEC_NO_BASE if the file has only refinements */
} aecodec_limits;

/* What a file claims, and the limits that hold for it, for messages about AECODEC_LIMIT_ERROR. */
typedef struct {
    uint32_t width, height; /* of a picture */
    uint32_t frames;
    uint32_t weight;        /* pixels that count for one: RGB pixels with as many bytes */
    uint64_t pixels;        /* of all pictures, weighted */
    uint64_t work;          /* pixels that are computed, also of refinements and for copies of metadata */
    uint64_t memory;        /* bytes without the network's working memory */
    uint64_t max_frames, max_pixels, max_work;
} aecodec_claim;

/* Find out what a file claims. limits may be NULL. Returns AECODEC_OK even if the file exceeds the limits,
 * or a status about a damaged file or a wrong codec. */
aecodec_status aecodec_claim_of(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                                const aecodec_limits *limits, aecodec_claim *claim);

/* Decompress a file. limits may be NULL. Free the picture with aecodec_image_free. */
aecodec_status aecodec_decompress(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                                  const aecodec_limits *limits, const aecodec_execution *execution,
                                  aecodec_image *picture);

/* Check a file as decompression does, but run the network only if the file has refinements that need it. */
aecodec_status aecodec_check(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                             const aecodec_limits *limits, const aecodec_execution *execution);

/* Maximum errors of a file, in units of the samples; pixels are from 0 to 255. */
typedef struct {
    uint32_t count;       /* of nested refinements, 1 to AECODEC_MAX_REFINEMENTS */
    uint32_t bands; /* 1: the same errors for all bands; otherwise the number of bands or of colours */
    uint32_t is_root; /* 1: errors are factors of the square root of a sample, for integers of 8 or 16 bits */
    /* 1: decoded samples do not change if they are compressed again with the same errors, even next to
     * other samples; files are larger. Use it for arrays that are rewritten in parts. 2: as 1, if nodata
     * was found in the samples, and may not be found in other samples */
    uint32_t is_stable;
    const double *errors; /* [count][bands], finite, the coarsest first; 0: lossless */
} aecodec_bounds;

/* The target of a file. If all fields are 0, the file has the codec's default level. */
typedef struct {
    uint32_t level;               /* in sixteenths, 16 for level 1 */
    /* maximum size of the file: the library makes the best file within it, from a reduced picture if that
     * is better. This also needs the decoder network. For a bare payload, add AECODEC_BARE_SAVING */
    size_t max_bytes;
    /* NULL, or maximum errors: no sample differs by more from its original. The file has a refinement
     * for each error, unless it rounds to the bounds before. With level, the base of the file is the
     * picture of this level, which needs both networks; otherwise there is no base. Not with max_bytes */
    const aecodec_bounds *bounds;
} aecodec_target;

/* A compressed file. */
typedef struct {
    uint8_t *file;      /* free it with aecodec_free */
    size_t size;        /* bytes. With AECODEC_TOO_FEW_BYTES: size of the smallest possible file */
    uint32_t level;     /* in sixteenths; 0 without a base */
    uint32_t reduction; /* factor by which the sides were reduced, in halves; 2: full size */
    /* with bounds: the largest error of all known samples. With AECODEC_DOES_NOT_FIT: the smallest maximum
     * error that is possible */
    double max_error;
    /* samples of each band outside its limits. Refinements restore them */
    uint64_t clipped[AECODEC_MAX_BANDS];
} aecodec_compressed;

/* Compress a picture. target may be NULL. Alpha is always lossless.
 *
 * Returns AECODEC_OK, AECODEC_TOO_FEW_BYTES if no file is that small, AECODEC_BAD_ARGUMENT for an unknown
 * level, for fields that exclude each other, and for errors that are negative, infinite or ascending; or a
 * different status. */
aecodec_status aecodec_compress(const aecodec_bundle *bundle, const aecodec_image *picture,
                                const aecodec_target *target, const aecodec_execution *execution,
                                aecodec_compressed *compressed);

void aecodec_image_free(aecodec_image *picture); /* sets pixels to NULL */
void aecodec_free(void *memory);

/* ---- headers of files, without a codec ---- */

enum { AECODEC_BEGINNING = 32 /* bytes of a file that state its size and its number of frames */ };

/* Some bytes of a file. */
typedef struct {
    size_t at, size;
} aecodec_part;

/* The header of a file. Without samples, the fields about samples are 0. */
typedef struct {
    uint32_t version;         /* 1, or 2 with refinements */
    uint8_t id[4];            /* of the codec */
    uint32_t width, height;   /* 0: the codec's tile */
    uint32_t frames;
    uint32_t mode;            /* of the coded pictures: 0 grey, 1 RGB, 2 grey with alpha, 3 RGB with alpha */
    uint32_t is_grey_as_rgb; /* 1: grey pixels are decompressed to RGB */
    uint32_t level;           /* in sixteenths; 0: the codec's default */
    uint32_t reduction;       /* factor by which the sides were reduced, in halves; 2: full size */
    uint32_t has_base;        /* 0: the file has only refinements */
    uint32_t refinements;     /* number of refinements */
    uint32_t has_samples;     /* 1: made by a codec with bands */
    uint32_t type, layout, bands, is_big_endian, has_nodata, mask_planes; /* as in aecodec_samples */
    uint32_t has_limits;      /* 1: the file has its own limits */
    uint32_t has_repetition;  /* 1: some bands repeat their samples */
    double nodata;
    double limits[AECODEC_MAX_BANDS][2];
    /* of each band: factor by which it repeats its samples along each side, and the first row and column
     * of a block of equal samples */
    uint8_t repetition[AECODEC_MAX_BANDS][3];
    aecodec_part base;        /* the file without refinements */
    aecodec_part metadata;    /* entries */
    aecodec_part alpha, mask; /* zlib streams */
    aecodec_part payload;
} aecodec_file_info;

/* Read and check the header of a complete file, and check all checksums. Parts with size 0 are absent. */
aecodec_status aecodec_file_info_of(const uint8_t *file, size_t size, aecodec_file_info *info);

/* Read the first AECODEC_BEGINNING bytes of a file, or fewer if it has fewer. Only version, id, width,
 * height, frames, mode, level and has_samples are set; the file may still be damaged. */
aecodec_status aecodec_beginning_of(const uint8_t *bytes, size_t size, aecodec_file_info *info);

/* ---- files with a guaranteed maximum error: format versions 2 and 3 ----
 *
 * A file of version 2 begins with its base, a complete file of version 1; a file of version 3 has no base.
 * Refinements follow, the coarsest first. Each refinement bounds the errors of all samples. Unless limits
 * set base_only, aecodec_decompress and the other functions that decode files decode all refinements. */

typedef struct {
    double max_error;    /* the largest error of all bands, in units of the samples; 0: lossless */
    uint32_t is_root;    /* 1: max_error is a factor of the square root of the original sample */
    uint32_t has_base;   /* 0: the first refinement of a file without a base */
    uint32_t bands;      /* 1: one maximum error for all bands; otherwise one for each band */
    double errors[AECODEC_MAX_BANDS];
    size_t size;         /* bytes of its messages */
} aecodec_refinement;

/* List the refinements of a complete file; files of version 1 have none. Returns AECODEC_OK or a status
 * about a damaged file. */
aecodec_status aecodec_file_refinements(const uint8_t *file, size_t size,
                                        aecodec_refinement refinements[AECODEC_MAX_REFINEMENTS],
                                        uint32_t *count);

/* Remove the refinements that a maximum error does not need. Free the trimmed file with aecodec_free.
 *
 * max_error, is_root: as in aecodec_refinement; a negative number removes all refinements.
 *
 * Returns AECODEC_OK, AECODEC_NO_BASE if nothing would be left, AECODEC_NOT_GUARANTEED if the file does
 * not guarantee the error, or a different status. */
aecodec_status aecodec_trim(const uint8_t *file, size_t size, double max_error, int is_root,
                            uint8_t **trimmed, size_t *trimmed_size);

/* ---- segments of large files ----
 *
 * In files with one refinement and no base, such as files of the codec `samples`, decoding a segment of at
 * most 256 x 256 pixels needs only its message and the first bytes of the file, about 6 for each segment:
 *
 *     size_t needed = 4096;
 *     do { // read `needed` bytes, or the whole file if it has fewer
 *         status = aecodec_head_open(aecodec_samples_codec(), bytes, size, file_size, &head, &needed);
 *     } while (status == AECODEC_INCOMPLETE);
 *     for (n = 0; aecodec_head_segment(head, n, &region, &message) == AECODEC_OK; n++) { // if it is needed
 *         status = aecodec_head_decode(head, n, bytes_of_message, samples, NULL);
 *     }
 *     aecodec_head_close(head);
 *
 * Several threads may use a head at once. */

typedef struct aecodec_head aecodec_head;

/* Frames, rows and columns of a picture. */
typedef struct {
    uint32_t frame, frames, row, rows, column, columns;
} aecodec_region;

/* Copy and check the first bytes of a file, and inflate its mask, if it has one.
 *
 * needed: with AECODEC_INCOMPLETE, set to a number of bytes, up to file_size: call again with as many.
 *
 * Returns AECODEC_OK, AECODEC_INCOMPLETE, AECODEC_NO_WINDOWS for a file that can only be decoded as a whole,
 * AECODEC_OTHER_CODEC, AECODEC_NO_MEMORY, or a status about a damaged file. */
aecodec_status aecodec_head_open(const aecodec_bundle *bundle, const uint8_t *bytes, size_t size,
                                 uint64_t file_size, aecodec_head **head, size_t *needed);
void aecodec_head_close(aecodec_head *head); /* NULL is allowed */

/* Return the header, including the size if the file does not state it. Parts are in the first bytes. */
void aecodec_head_info(const aecodec_head *head, aecodec_file_info *info);

/* Find the place of a segment in the picture, and of its message in the file. Segments are numbered from 0.
 * Returns AECODEC_OK, or AECODEC_BAD_ARGUMENT for an unknown number. */
aecodec_status aecodec_head_segment(const aecodec_head *head, uint32_t number, aecodec_region *region,
                                    aecodec_part *message);

/* Decode a segment.
 *
 * samples: [frames][rows][columns][bands], written; for pictures, the bands are the coded channels, with
 * alpha as the last channel.
 * missing: [frames][rows][columns][mask_planes], written; NULL if, and only if, the file has no mask.
 *
 * Returns AECODEC_OK, AECODEC_BAD_ARGUMENT, AECODEC_NO_MEMORY, or a status about a damaged message. */
aecodec_status aecodec_head_decode(const aecodec_head *head, uint32_t number, const uint8_t *message,
                                   void *samples, uint8_t *missing);

/* ---- bare payloads, for places where the codec is known ---- */

enum { AECODEC_BARE_SAVING = 11 }; /* bytes of a file of version 1 that its bare payload lacks */

/* Convert a file to its bare payload (FORMAT, section 9). Free the payload with aecodec_free.
 *
 * bundle: the codec of the file; its head is enough.
 * has_checksum: 1: add a byte with a checksum; 0: no checksum.
 *
 * Returns AECODEC_OK, AECODEC_OTHER_CODEC, AECODEC_HAS_REFINEMENTS for a file of version 2 or 3,
 * AECODEC_NO_MEMORY, or a status about a damaged file. */
aecodec_status aecodec_to_bare(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                               int has_checksum, uint8_t **payload, size_t *payload_size);

/* Convert a bare payload, which aecodec_to_bare made with the same codec and has_checksum, to its file.
 * Free the file with aecodec_free. If other damage than listed below stays undetected, the file contains a
 * different picture, or does not decompress.
 *
 * Returns AECODEC_OK, AECODEC_TOO_SHORT for an empty payload, AECODEC_BAD_CHECKSUM, AECODEC_NO_MEMORY, or
 * a status about a damaged header. */
aecodec_status aecodec_from_bare(const aecodec_bundle *bundle, const uint8_t *payload, size_t size,
                                 int has_checksum, uint8_t **file, size_t *file_size);

/* ---- samples of bands: for codecs with phases, which do not code pictures, and for `samples` ---- */

/* Samples of bands: frames x height x width x bands numbers in the byte order of this machine. */
typedef struct {
    uint32_t width, height;
    uint32_t bands;         /* equal to the codec's; 1 to AECODEC_MAX_BANDS with `samples` */
    uint32_t frames;        /* at least 1 */
    /* aecodec_sample_type; from AECODEC_UINT32 on only with `samples`; float16 samples are uint16_t with
     * their bits */
    uint32_t type;
    /* axes of the original array, stored in files: 0 height, width; 1 height, width, bands; 2 frames,
     * height, width; 3 frames, height, width, bands; 4 bands, height, width; 5 frames, bands, height,
     * width. 0, 1 and 4 have one frame; 0 and 2 have one band. The samples here always have the order of
     * 3 */
    uint32_t layout;
    uint32_t is_big_endian; /* byte order of the original file, stored in files */
    uint32_t has_nodata;    /* 1: missing samples have the value nodata; 0: they are NaN, or 0 for integers */
    double nodata;          /* a number of the type */
    /* [bands][2] low, high for this file; NULL: the codec's limits, or wider limits if samples lie
     * outside and the codec has file_limits */
    const double *limits;
    uint32_t mask_planes;   /* 1, or the number of bands; 0 if missing is NULL */
    uint8_t *missing;       /* [frames][height][width][mask_planes] 1: missing, 0: valid */
    void *samples;          /* aligned to a sample's size */
    const uint8_t *metadata; /* as in aecodec_image */
    size_t metadata_size;
} aecodec_samples;

/* Decompress a file with samples; the arguments are as for aecodec_decompress. The result has no limits
 * (NULL). Free it with aecodec_samples_free. */
aecodec_status aecodec_decompress_samples(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                                          const aecodec_limits *limits, const aecodec_execution *execution,
                                          aecodec_samples *samples);

/* Compress samples as aecodec_compress does, but never reduce them. A sample is missing if it equals nodata,
 * is NaN (without nodata), or is marked in missing. Missing samples stay exact, and no other sample is
 * restored as nodata. All other samples must be finite; otherwise the result is AECODEC_BAD_IMAGE. Without
 * bounds, samples outside the limits are clipped. */
aecodec_status aecodec_compress_samples(const aecodec_bundle *bundle, const aecodec_samples *samples,
                                        const aecodec_target *target, const aecodec_execution *execution,
                                        aecodec_compressed *compressed);

/* Guess nodata, if samples may be missing although nodata is not stated. The smallest or the largest sample
 * looks missing if it is the end of an integer type, if it is repeated and apart from the other samples, or
 * if it is far apart from them. This value becomes nodata, unless nodata is stated and not 0. If no sample
 * looks missing, nodata becomes the nearest end of an integer type, or stays the stated 0. Returns
 * AECODEC_OK, or AECODEC_UNCLEAR_NODATA if both ends look missing. */
aecodec_status aecodec_find_nodata(aecodec_samples *samples);

void aecodec_samples_free(aecodec_samples *samples); /* sets samples and missing to NULL */

/* MS-SSIM of two pictures of one size, by which aecodec_compress chooses among files with max_bytes. If a
 * side has fewer than 11 pixels: 1 minus the mean squared error in units of 255 squared. Ignores alpha. */
aecodec_status aecodec_ms_ssim(const aecodec_image *original, const aecodec_image *restored, double *mean);

/* ---- step by step ----
 *
 * For programs that decode some frames of a file, make several files of a picture, need codes, or run the
 * networks themselves, for example in workers:
 *
 *     aecodec_decoding *d;
 *     status = aecodec_decoding_begin(codec, file, size, NULL, 0, &d);
 *     status = aecodec_decoding_codes(d, NULL, NULL);
 *     for (n = 0; n < aecodec_decoding_windows(d); n++) { // what aecodec_decoding_run does
 *         aecodec_decoding_window(d, n, &w);
 *         aecodec_decoding_input(d, n, input); // w.input_size bytes
 *         aecodec_network_run(&network, w.rows, w.columns, input, output, work, work_size);
 *         aecodec_decoding_output(d, n, output); // w.output_size bytes
 *     }
 *     status = aecodec_decoding_finish(d, NULL, &picture);
 *     aecodec_decoding_free(d);
 *
 * The networks are sections of the bundle (aecodec_network.h). Windows may be processed in any order, and
 * different windows by several threads at once. Only one thread at a time may call the other functions for
 * one decoding or encoding. */

/* One run of a network. */
typedef struct {
    uint32_t rows, columns;           /* of its input: pixels or code vectors */
    uint32_t input_size, output_size; /* bytes */
} aecodec_window;

/* Codes [vectors][dimension], in the order of files: plane after plane, row after row of tiles. */
typedef struct {
    int8_t *codes;
    size_t vectors;
    uint32_t dimension;
} aecodec_codes;

typedef struct aecodec_decoding aecodec_decoding;

/* Begin to decode a file: check it, decode alpha and the mask, and allocate memory for the codes. The bytes
 * of the file must exist until the decoding is freed.
 *
 * limits: may be NULL.
 * parts: minimum number of windows, if the picture is large enough; 0: choose by memory. */
aecodec_status aecodec_decoding_begin(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                                      const aecodec_limits *limits, uint32_t parts,
                                      aecodec_decoding **decoding);
/* Begin with codes, which are copied, of pictures without alpha. `size` sets the size and the number of
 * frames; its pixels and channels are ignored. The pictures have the channels of the codec's networks: for
 * a codec with bands, the phases of all bands. Returns AECODEC_BAD_ARGUMENT for an unknown level or a wrong
 * number of codes, AECODEC_CODE_RANGE for codes that no encoder makes, or a different status. */
aecodec_status aecodec_decoding_begin_codes(const aecodec_bundle *bundle, uint32_t level,
                                            const aecodec_image *size, const aecodec_codes *codes,
                                            uint32_t parts, aecodec_decoding **decoding);
/* Select frames; at the beginning, all are selected. All later calls, including aecodec_decoding_windows,
 * apply to these frames. Codes that were decoded before are kept. Returns AECODEC_OK, AECODEC_BAD_ARGUMENT
 * or AECODEC_NO_MEMORY. */
aecodec_status aecodec_decoding_select(aecodec_decoding *decoding, uint32_t first, uint32_t frames);
/* Decode the codes of the selected frames, unless they have been decoded. codes: NULL, or set to the codes,
 * which exist until the decoding is freed. Returns AECODEC_NO_BASE for a file without a base. */
aecodec_status aecodec_decoding_codes(aecodec_decoding *decoding, const aecodec_execution *execution,
                                      aecodec_codes *codes);
uint32_t aecodec_decoding_windows(const aecodec_decoding *decoding);
void aecodec_decoding_window(const aecodec_decoding *decoding, uint32_t number, aecodec_window *window);
void aecodec_decoding_input(const aecodec_decoding *decoding, uint32_t number, int8_t *input);
void aecodec_decoding_output(aecodec_decoding *decoding, uint32_t number, const int8_t *output);
/* Decode the codes of the selected frames, and run the codec's network on all windows. Returns
 * AECODEC_ABSENT without a network. */
aecodec_status aecodec_decoding_run(aecodec_decoding *decoding, const aecodec_execution *execution);
/* Return the selected pictures or samples, after all windows have their output. Returns AECODEC_BAD_ARGUMENT
 * if they were returned before, or the file has refinements and not all frames are selected. */
aecodec_status aecodec_decoding_finish(aecodec_decoding *decoding, const aecodec_execution *execution,
                                       aecodec_image *picture);
aecodec_status aecodec_decoding_finish_samples(aecodec_decoding *decoding, const aecodec_execution *execution,
                                               aecodec_samples *samples);
void aecodec_decoding_free(aecodec_decoding *decoding); /* NULL is allowed */

typedef struct aecodec_encoding aecodec_encoding;

/* Begin to encode a picture, which must exist until the encoding is freed.
 *
 * reduction: factor by which the sides are reduced, in halves; 2 keeps the size. Only codecs with a
 * receptive field
 *     support more than 2.
 * parts: as for aecodec_decoding_begin. */
aecodec_status aecodec_encoding_begin(const aecodec_bundle *bundle, const aecodec_image *picture,
                                      uint32_t reduction, uint32_t parts, aecodec_encoding **encoding);
/* Begin to encode samples. You may free them afterwards, except for their metadata. clipped: NULL, or output
 * [bands], the number of clipped samples. */
aecodec_status aecodec_encoding_begin_samples(const aecodec_bundle *bundle, const aecodec_samples *samples,
                                              uint32_t parts, uint64_t *clipped, aecodec_encoding **encoding);
/* Begin with pictures that have the channels of the networks (for a codec with bands, the phases of all
 * bands), to get only latents and codes. */
aecodec_status aecodec_encoding_begin_channels(const aecodec_bundle *bundle, const aecodec_image *picture,
                                               uint32_t parts, aecodec_encoding **encoding);
uint32_t aecodec_encoding_windows(const aecodec_encoding *encoding);
void aecodec_encoding_window(const aecodec_encoding *encoding, uint32_t number, aecodec_window *window);
void aecodec_encoding_input(const aecodec_encoding *encoding, uint32_t number, int8_t *input);
void aecodec_encoding_output(aecodec_encoding *encoding, uint32_t number, const int8_t *output);
/* Run the codec's network on all windows. Returns AECODEC_ABSENT without a network. */
aecodec_status aecodec_encoding_run(aecodec_encoding *encoding, const aecodec_execution *execution);
/* The latents of the picture, [vectors][latent_channels] in the order of files, which windows fill. They
 * exist until the encoding is freed. vectors: NULL, or set to the number of vectors. */
int8_t *aecodec_encoding_latents(aecodec_encoding *encoding, size_t *vectors);
/* Call the next functions after all windows have their output, as often as you like. level: in sixteenths;
 * 0: the codec's default. */
/* Write a file at a level. Free it with aecodec_free. */
aecodec_status aecodec_encoding_file(const aecodec_encoding *encoding, uint32_t level,
                                     const aecodec_execution *execution, uint8_t **file, size_t *size);
/* Find the codes of the file at a level. Free them with aecodec_free. */
aecodec_status aecodec_encoding_codes(const aecodec_encoding *encoding, uint32_t level,
                                      const aecodec_execution *execution, aecodec_codes *codes);
void aecodec_encoding_free(aecodec_encoding *encoding); /* NULL is allowed */

#ifdef __cplusplus
}
#endif

#endif
