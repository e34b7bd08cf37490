/* SPDX-License-Identifier: Apache-2.0 */
/* aecodec: .aec files on a microcontroller.
 *
 * Converts the int8 latents of an encoder network to the bytes of an .aec file, and a file back to the
 * int8 input of a decoder network. The bytes equal those of aecodec in Python for the same latents,
 * quantized to the nearest codes (docs/FORMAT.md). For all calls, see main.c in a folder that `aecodec
 * export --format c` writes.
 *
 * C99 without allocation, recursion, floating point or global state. Several threads may call functions at
 * once if each thread has its own working memory. The code uses 64-bit integers, and memset, memcpy and
 * memcmp of the C library. Compiled with AECODEC_ENCODER_ONLY, the library lacks aecodec_read_header and
 * aecodec_decode, and is a quarter smaller.
 *
 * The input of the encoder network is pixel - 128, row by row, with the colours of a pixel together. A
 * picture larger than the codec's tile is split into tiles, row by row from the upper left. Tiles at the
 * right and lower edges are filled by repeating the last column and the last row. A codec with 1 channel
 * codes the R, G and B planes of a colour picture one after the other; for a codec with 3 channels, grey
 * becomes three equal channels. The networks of a convolutional codec process the whole picture instead,
 * with one code vector per tile.
 *
 * aecodec_encode writes one picture, grey or RGB, without alpha and metadata. aecodec_decode reads any
 * number of frames and ignores alpha and metadata. A file has at most AECODEC_MAX_VECTORS code vectors. A
 * file whose header has a reduction above 2 contains the codes of a smaller picture, which you must
 * enlarge after decoding. */
#ifndef AECODEC_H
#define AECODEC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AECODEC_VERSION "1.0.0"
#define AECODEC_VERSION_NUMBER 10000 /* 10000 * major + 100 * minor + patch */

typedef enum {
    AECODEC_OK = 0,
    AECODEC_BUFFER_TOO_SMALL, /* the buffer for the file, the codes or the working memory is too small */
    AECODEC_TOO_LARGE,        /* a side with 0 or more than 2^20 pixels, more than AECODEC_MAX_VECTORS
                               * vectors, or, with a convolutional codec, a side with more than 128 tiles */
    AECODEC_DAMAGED,          /* a payload that no encoder writes */
    AECODEC_OTHER_CODEC,      /* an intact file of a different codec, or with a prior that was not exported */
    AECODEC_OTHER_LEVEL,      /* an intact file of this codec at a level that was not exported */
    AECODEC_BAD_NETWORK,      /* not a network plan of this version, or a damaged plan */
    AECODEC_OTHER_SIZE,       /* rows and columns that the network does not support */
    /* only libaecodec returns these */
    AECODEC_NO_WINDOWS = 15, /* a file that can only be decompressed as a whole */
    AECODEC_NO_MEMORY,
    AECODEC_BAD_BUNDLE,      /* not a codec file of this version, or a damaged one */
    AECODEC_ABSENT,          /* the bundle lacks a network or a level that is needed */
    AECODEC_DOES_NOT_FIT,    /* at this maximum error, differences of 64-bit samples need more than 32 bits */
    AECODEC_BAD_IMAGE,       /* a side of 0, too many pixels, or a number of channels outside 1 to 4 */
    AECODEC_BAD_ARGUMENT,    /* an unknown level, section or reduction, or memory that is not aligned */
    AECODEC_TOO_FEW_BYTES,   /* no file of this picture is that small */
    AECODEC_CANCELLED,       /* by the caller's loop */
    AECODEC_UNREADABLE,      /* a bundle that cannot be opened */
    AECODEC_OTHER_KIND,      /* a codec with bands although pixels are expected, or the reverse */
    AECODEC_OTHER_BASE,      /* the base picture differs from the encoder's */
    AECODEC_NO_BASE,         /* the file has only refinements */
    AECODEC_INCOMPLETE,      /* more bytes of the file are needed */
    AECODEC_BROKEN_BOUND,    /* a sample would exceed its maximum error: a bug in aecodec */
    AECODEC_HAS_REFINEMENTS, /* the file has a maximum error, so it has no bare payload */
    AECODEC_NOT_GUARANTEED,  /* the file does not guarantee this maximum error */
    /* errors in a file; aecodec_read_header returns the first of these */
    AECODEC_NOT_AEC = 32,        /* the file does not begin with the signature */
    AECODEC_TOO_SHORT,           /* fewer bytes than the shortest file */
    AECODEC_BAD_CHECKSUM,        /* of the file, a refinement or a bare payload */
    AECODEC_OTHER_VERSION,       /* a version that this aecodec does not know */
    AECODEC_DAMAGED_HEADER,      /* a field that no encoder writes, or that runs past the end */
    AECODEC_BAD_SIZE,            /* sides, frames, pixels or a reduction beyond the limits of the format */
    AECODEC_BAD_LEVEL,           /* a level that the codec or the format does not have */
    AECODEC_DAMAGED_METADATA,    /* the entries of the metadata */
    AECODEC_DAMAGED_SAMPLES,     /* the description of the samples is damaged or does not fit the codec */
    AECODEC_DAMAGED_MASK,        /* the mask of missing samples */
    AECODEC_DAMAGED_ALPHA,       /* the alpha planes */
    AECODEC_DAMAGED_SEGMENTS,    /* the lengths of the messages of segments */
    AECODEC_CODE_RANGE,          /* a code that no encoder of the codec makes */
    AECODEC_DAMAGED_REFINEMENT,  /* the fields of a refinement are damaged or do not fit the samples */
    /* a file that claims more than the caller accepts */
    AECODEC_TOO_MANY_FRAMES = 48,
    AECODEC_TOO_MANY_PIXELS,
    AECODEC_TOO_MUCH_WORK,   /* for its size: a decompression bomb */
    /* two values could mark missing samples */
    AECODEC_UNCLEAR_NODATA = 64
} aecodec_status;

enum { AECODEC_MAX_VECTORS = 16384, AECODEC_FAR_STEP = 128 };

/* ---- the tables of a level ----
 *
 * Exported C source defines the next four structs. A program passes a pointer to an aecodec_codec and need
 * not read its fields. K is the code dimension, H the number of units, and L the minimum of K and
 * AECODEC_PREDICTED_CHANNELS. */

enum {
    AECODEC_LANES = 16,              /* the context network sums its inputs in groups of this size */
    AECODEC_GRADIENTS = 4,           /* per channel: sums and differences of two pairs of neighbours */
    AECODEC_PREDICTED_CHANNELS = 64, /* maximum number of channels that gradients predict */
    AECODEC_BY_DIFFERENCE = 8        /* in input_shift: the activity of a predicted channel is how far
                                      * opposite neighbours differ, not how far they are from its centre */
};

/* A row of the bank of frequency tables. The elements from bank[at] on are the frequencies of the columns
 * start to start + count - 1 and of the escape. For all other columns, see `others` below. */
typedef struct {
    uint16_t at;
    uint8_t start, count;
} aecodec_row;

/* Weights with which a context network reads diagonal neighbours and straight neighbours. */
typedef struct {
    const int8_t *centre;           /* [K] subtracted from codes, in coding order */
    const int8_t *weights;          /* [2][H][K] for the activities, channels in coding order */
    const int8_t *bias;             /* [2][H] */
    const int8_t *gradient_weights; /* [2][L][AECODEC_GRADIENTS][L] */
    const uint8_t *gradient_shift;  /* [2][L] */
} aecodec_spatial_weights;

/* A context network. Channels are in coding order. */
typedef struct {
    uint16_t units;                         /* H */
    const uint16_t *order;                  /* [K] the channels, in coding order */
    const uint8_t *input_shift;             /* [K] 0 to 7, and AECODEC_BY_DIFFERENCE */
    const uint16_t *degree;                 /* [H] ascending: unit j reads the first degree[j] channels */
    const int8_t *weights;                  /* for each unit j: [degree[j]]; AECODEC_LANES more at the end */
    const uint8_t *unit_shift;              /* [H] */
    const int8_t *bias;                     /* [priors][H] */
    const int8_t *output_weights;           /* for each unit j: [K - degree[j]][2], for the other channels */
    const uint8_t *output_shift;            /* [K][2] */
    const aecodec_spatial_weights *spatial; /* NULL for vectors without neighbours */
} aecodec_context_network;

/* One level of a codec. */
typedef struct {
    uint8_t id[4];
    uint16_t tile_width, tile_height;       /* pixels */
    uint8_t channels;                       /* picture channels of the networks: 1 or 3, or bands */
    uint8_t is_convolutional;               /* 1: the networks accept pictures of any size */
    uint16_t vectors_per_tile;              /* 1 if is_convolutional */
    uint8_t level;                          /* in sixteenths */
    uint8_t is_default;                     /* 1: headers omit this level */
    uint16_t latent_channels;               /* channels of the latents, for all levels */
    uint16_t start, code_dimension;         /* first latent channel of this level, and their number, K */
    uint8_t multiple;                       /* quantization step, without factors */
    const uint16_t *factors;                /* [K] gains as multiples of 2^-15; NULL without gains */
    uint8_t shapes;                         /* of 8 rows in the bank; unused without a context network */
    uint8_t escape;                         /* column of the escape, the last column */
    uint8_t others;                         /* frequency of the columns that a row does not list: 1, or 0 if
                                             * their symbols are escaped */
    int16_t first;                          /* symbol of column 0, before the offset is added */
    uint16_t priors;                        /* number of priors */
    const uint16_t *prior_frequencies;      /* [priors] */
    const aecodec_row *rows;                /* of the bank */
    const uint16_t *bank;
    const uint16_t *costs;                  /* of the bank, in 1/256 bit; escapes include their value; NULL if
                                             * priors is 1 */
    const uint16_t *prior_costs;            /* [priors] in 1/256 bit; NULL if priors is 1 */
    const uint8_t *table;                   /* [priors][K] row of the bank */
    const int8_t *offset;                   /* [priors][K] added to the symbols of that row */
    uint16_t max_slice;                     /* maximum number of channels that are coded together */
    uint8_t first_step;                     /* rows and columns between vectors that are coded first, without
                                             * neighbours; used with spatial weights */
    const aecodec_context_network *context; /* or NULL */
} aecodec_codec;

/* ---- pictures and files ---- */

typedef enum { AECODEC_GREY = 0, AECODEC_RGB = 1 } aecodec_mode;

typedef struct {
    uint32_t width, height; /* pixels, at least 1 */
    aecodec_mode mode;
} aecodec_picture;

#define AECODEC_SAMPLES_ID "SAMP" /* of the built-in codec `samples`, whose alpha is not in the header */

/* The header of a file. */
typedef struct {
    uint8_t id[4];          /* of the codec */
    uint32_t width, height; /* pixels; 0: the codec's tile */
    uint8_t mode;           /* 0 grey, 1 RGB, 2 grey with alpha, 3 RGB with alpha */
    uint8_t level;          /* in sixteenths; 0: the codec's default */
    uint8_t reduction;      /* factor by which the sides were reduced, in halves; 2: full size */
    uint8_t is_grey_as_rgb; /* 1: grey pixels are returned as RGB */
    uint32_t frames;        /* at least 1 */
    const uint8_t *payload; /* within the file */
    size_t payload_size;    /* bytes */
    const uint8_t *alpha;   /* within the file: zlib stream of the alpha planes, or NULL */
    size_t alpha_size;      /* bytes */
    const uint8_t *metadata; /* within the file: its entries (FORMAT, section 1); or NULL */
    size_t metadata_size;   /* bytes */
    const uint8_t *samples; /* within the file: type and missing samples of a codec with bands; or NULL */
    size_t samples_size;    /* bytes */
} aecodec_header;

/* Number of code vectors of a picture; 0 if it is too large or has a side of 0. */
size_t aecodec_vector_count(const aecodec_codec *codec, const aecodec_picture *picture);

/* Bytes of working memory that aecodec_encode and aecodec_decode need for a picture; 0 if it is too large.
 * Exported headers define this and the next number as constants for one picture size. */
size_t aecodec_work_size(const aecodec_codec *codec, const aecodec_picture *picture);

/* Maximum size of a picture's file in bytes. */
size_t aecodec_file_bound(const aecodec_codec *codec, const aecodec_picture *picture);

/* Quantize latents to codes.
 *
 * latents: [vectors][latent_channels] from the encoder network, row after row of tiles, plane after plane.
 * codes: [vectors][code_dimension], written; may be the same memory as latents if both have equally many
 * channels. */
void aecodec_quantize(const aecodec_codec *codec, const int8_t *latents, size_t vectors, int8_t *codes);

/* Dequantize codes to latents, the input of the decoder network. Channels of other levels become 0.
 *
 * codes: [vectors][code_dimension].
 * latents: [vectors][latent_channels], written; must not overlap codes. */
void aecodec_dequantize(const aecodec_codec *codec, const int8_t *codes, size_t vectors, int8_t *latents);

/* Write codes as a file.
 *
 * codes: [aecodec_vector_count][code_dimension] from aecodec_quantize; not changed.
 * work: work_size bytes, at least aecodec_work_size; must not overlap codes or file.
 * file: buffer of capacity bytes; aecodec_file_bound is always enough.
 * size: set to the number of bytes written. Unless AECODEC_OK is returned, the content of file is undefined.
 *
 * Returns AECODEC_OK, AECODEC_TOO_LARGE or AECODEC_BUFFER_TOO_SMALL. Nothing is written beyond any bound. */
aecodec_status aecodec_encode(const aecodec_codec *codec, const aecodec_picture *picture, const int8_t *codes,
                              uint32_t *work, size_t work_size, uint8_t *file, size_t capacity, size_t *size);

/* Write a number as LEB128. Returns the number of bytes, 1 to 5. */
size_t aecodec_write_number(uint8_t *to, uint32_t value);

/* Write the fields of a header up to the content of samples. Returns the number of bytes, at most 32. */
size_t aecodec_write_header(uint8_t *to, const aecodec_header *header);

/* Append the checksum, 4 bytes, to a file. Returns the new length of the file. */
size_t aecodec_write_checksum(uint8_t *file, size_t length);

#ifndef AECODEC_ENCODER_ONLY

/* Read the header of a file and check the file's checksum.
 *
 * Returns AECODEC_OK, or a status from AECODEC_NOT_AEC to AECODEC_DAMAGED_METADATA. */
aecodec_status aecodec_read_header(const uint8_t *file, size_t size, aecodec_header *header);

/* Read the header from the bytes of a file between its version and its checksum. */
aecodec_status aecodec_read_content(const uint8_t *content, size_t size, aecodec_header *header);

/* Read the codes of a file.
 *
 * work: as for aecodec_encode.
 * codes: buffer of capacity bytes; [*vectors][code_dimension] are written, for all frames and planes.
 * vectors: set to the number of vectors.
 *
 * Returns any status; codes and vectors are valid only if it is AECODEC_OK. For any file, capacity bounds the
 * memory, and capacity and size bound the time. */
aecodec_status aecodec_decode(const aecodec_codec *codec, const uint8_t *file, size_t size, uint32_t *work,
                              size_t work_size, int8_t *codes, size_t capacity, size_t *vectors);

#endif

#ifdef AECODEC_LIBRARY

/* ---- single messages, from which libaecodec builds files of any size ---- */

/* The vectors of one message: a square of some planes, or 1, 1 and their number if they have no neighbours. A
 * segment of vectors with neighbours has at most AECODEC_MAX_VECTORS. */
typedef struct {
    uint32_t planes, rows, columns;
} aecodec_segment;

/* Weight of 1/256 bit against squared error, in 2^-15 of a squared quantization step. With masking 0, the
 * weight of each vector is most. Otherwise it is the number of its nonzero codes, divided by masking, and
 * at most most. */
typedef struct {
    uint8_t most, masking;
} aecodec_rate_weight;

/* Bytes of working memory that the next two functions need. */
size_t aecodec_message_work_size(const aecodec_codec *codec, const aecodec_segment *segment);

/* Quantize and encode latents. At a level with gains, errors are weighed against bits (RDOQ).
 *
 * latents: [vectors][latent_channels].
 * codes: [vectors][code_dimension], written. */
aecodec_status aecodec_encode_message(const aecodec_codec *codec, const aecodec_segment *segment,
                                      const int8_t *latents, aecodec_rate_weight weight, int8_t *codes,
                                      uint32_t *work, uint8_t *message, size_t capacity, size_t *size);

/* What an encoder codes for the vectors of a message. */
typedef struct {
    uint16_t *priors; /* [vectors] the number of the prior that each selects */
    uint8_t *rows;    /* [vectors][code_dimension] rows of the bank */
    uint8_t *columns; /* [vectors][code_dimension] columns of these rows */
} aecodec_choices;

/* Choose as aecodec_encode_message does, without writing a message. The arguments are the same, but
 * latents may be NULL for codes that are already decided; they are not changed. A segment has at most
 * AECODEC_MAX_VECTORS. */
void aecodec_choose(const aecodec_codec *codec, const aecodec_segment *segment, const int8_t *latents,
                    aecodec_rate_weight weight, int8_t *codes, uint32_t *work,
                    const aecodec_choices *choices);

/* Find the neighbours that the spatial context of each vector of a plane reads.
 *
 * segment: one plane of at most AECODEC_MAX_VECTORS.
 * members: [vectors] working memory.
 * kinds: [vectors] 0 diagonal, 1 straight, -1 none.
 * neighbours: [vectors] two pairs of opposite vectors, only for vectors that have neighbours. */
void aecodec_find_neighbours(const aecodec_segment *segment, uint16_t *members, int8_t *kinds,
                             uint32_t (*neighbours)[4]);

/* Decode a message to codes. */
aecodec_status aecodec_decode_message(const aecodec_codec *codec, const aecodec_segment *segment,
                                      const uint8_t *message, size_t size, int8_t *codes, uint32_t *work);

/* Whether an encoder can make codes [vectors][code_dimension]. */
int aecodec_are_codes(const aecodec_codec *codec, const int8_t *codes, size_t vectors);

/* Read the fields of a header up to the number of frames from the first bytes behind the version; the
 * flags tell whether it has samples. The file may still be damaged. */
aecodec_status aecodec_read_beginning(const uint8_t *content, size_t size, aecodec_header *header);

#endif

#ifdef __cplusplus
}
#endif

#endif
