/* .aec files on a device: the int8 output of an encoder network to the bytes of a file, and back.
 *
 * The bytes are those that aecodec writes in Python for the same integers (docs/FORMAT.md). C99, no
 * allocation, no recursion, no floating point, no global state: functions may be called from several
 * threads, each with working memory of its own. 64-bit integers are used, and of the library memset,
 * memcpy and memcmp. A codec's tables come from `aecodec export CODEC --format c` as constants, which
 * may lie in flash.
 *
 * To write: run the encoder network on every tile, then aec_codes, then aec_encode. To read: aec_decode,
 * then aec_integers, then the decoder network on every tile; its output + 128 is the pixel.
 *
 * The network sees pixel - 128, row after row, colours together. A picture that is larger than the codec's
 * tile is cut into tiles, row after row from the upper left; its last column and row are repeated to fill
 * those at the right and below. A codec of 1 channel takes R, G and B of a colour picture one after the
 * other, each as a picture; one of 3 sees grey as three equal channels. Where has_reach is 1, networks take
 * the whole picture instead, and give one vector for each tile of it.
 *
 * Compiled with AEC_ENCODER_ONLY, it lacks aec_read_header and aec_decode, and is a fifth smaller.
 *
 * Limits beside those of the format: written is one picture, grey or RGB, without alpha and metadata; read
 * are any number of frames, alpha and metadata skipped; at most AEC_MOST_VECTORS code vectors. A file whose
 * header has a reduction above 2 holds the codes of a smaller picture, to be enlarged (docs/FORMAT.md).
 */
#ifndef AEC_H
#define AEC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    AEC_OK = 0,
    AEC_BUFFER_TOO_SMALL, /* the file, the codes or the working memory need more room */
    AEC_TOO_LARGE,        /* a side of 0 or more than 2^20 pixels, more than AEC_MOST_VECTORS vectors, or
                           * with has_reach a side of more than 128 tiles */
    AEC_DAMAGED,          /* not a whole .aec file of version 1, or a payload that no encoder makes */
    AEC_OTHER_CODEC,      /* a whole file, of another codec, or of a prior that was cut away */
    AEC_OTHER_LEVEL       /* a whole file of this codec, of a level that was not exported */
} aec_status;

enum { AEC_MOST_VECTORS = 16384 };

/* The next four structs are what `codec.c` fills in. To use a codec, pass &codec; none of them need be
 * read. */

enum { AEC_LANES = 16 }; /* products that are summed together */

/* Frequencies of the columns start .. start + count - 1 of a row of the bank, at bank[at] and after;
 * that of the escape follows; all other columns have 1. */
typedef struct {
    uint16_t at;
    uint8_t start, count;
} aec_row;

/* A context network's part that reads what lies around a vector. */
typedef struct {
    const int8_t *centre;       /* [dimension], in the order of coding */
    const int8_t *weights;      /* [2 kinds][units][dimension], channels in the order of coding */
    const int8_t *bias;         /* [2][units] */
    const int8_t *slope;        /* [2][64 places, or all][4 trends][64 places, or all] */
    const uint8_t *slope_shift; /* [2][64 places, or all] */
} aec_around;

/* A context network. */
typedef struct {
    uint16_t units;
    const uint16_t *order;        /* [dimension] channels in the order of coding, as all below */
    const uint8_t *input_shift;   /* [dimension] */
    const uint16_t *reach;        /* [units], ascending: how many channels a unit reads */
    const int8_t *weights;        /* unit after unit, reach[unit] of each; then AEC_LANES bytes more */
    const uint8_t *unit_shift;    /* [units] */
    const int8_t *bias;           /* [priors][units] */
    const int8_t *output_weights; /* unit after unit, both outputs of each place from reach[unit] on */
    const uint8_t *output_shift;  /* [dimension][2] */
    const aec_around *around;     /* NULL for vectors that stand alone */
} aec_context;

/* One level of a codec. */
typedef struct {
    uint8_t id[4];
    uint16_t tile_width, tile_height; /* pixels that one tile has */
    uint8_t channels;                 /* 1 or 3 that the networks see */
    uint8_t has_reach;                /* 1: tiles have neighbours, and one code vector each */
    uint16_t vectors;                 /* code vectors of one tile */
    uint8_t level;                    /* in sixteenths */
    uint8_t is_default;               /* 1: a file need not say this level */
    uint16_t outputs;                 /* channels of the networks, those of all levels */
    uint16_t start, dimension;        /* those of this level */
    uint8_t multiple;                 /* quantisation step, where there are no factors */
    const uint16_t *factors;          /* [dimension] multiples of 2^-15; NULL without gains */
    uint8_t shapes;                   /* the bank has 8 rows of each; unused without a context network */
    uint8_t escape;                   /* the last column */
    int16_t first;                    /* the symbol of column 0 */
    uint16_t priors;                  /* whose tables are here, */
    uint16_t all_priors;              /* of so many that the codec has, */
    const uint16_t *numbers;          /* [priors] and which they are, ascending */
    const uint16_t *index;            /* [all_priors] frequencies */
    const aec_row *rows;
    const uint16_t *bank;
    const uint16_t *costs;            /* of the bank, in 1/256 bit; of escapes with their value */
    const uint16_t *index_costs;      /* [priors]; both NULL where there is nothing to choose */
    const uint8_t *table;             /* [priors][dimension] rows */
    const int8_t *offset;             /* [priors][dimension] symbols that they are moved by */
    uint16_t slice;                   /* the most channels that are coded together */
    const aec_context *context;       /* NULL without one */
} aec_codec;

typedef enum { AEC_GREY = 0, AEC_RGB = 1 } aec_mode;

typedef struct {
    uint32_t width, height; /* pixels, 1 and more */
    aec_mode mode;
} aec_picture;

/* What a file says of itself. */
typedef struct {
    uint8_t id[4];          /* of its codec */
    uint32_t width, height; /* 0: the codec's tile */
    uint8_t mode;           /* 0 grey, 1 RGB, 2 grey with alpha, 3 RGB with alpha */
    uint8_t level;          /* in sixteenths; 0: the codec's default */
    uint8_t reduction;      /* how many times smaller, in halves, the sides were coded; 2: as they are */
    uint32_t frames;
    const uint8_t *payload; /* within the file */
    size_t payload_size;
} aec_header;

/* How many code vectors a picture has; 0 for one that is too large, or has a side of no length. */
size_t aec_vectors(const aec_codec *codec, const aec_picture *picture);

/* Bytes of working memory that a picture needs, in aec_encode and in aec_decode; 0 for one that is too
 * large. `codec.h` has this and the next as constants, for one size of pictures of the codec's channels. */
size_t aec_work_size(const aec_codec *codec, const aec_picture *picture);

/* Bytes that no file of a picture exceeds. */
size_t aec_file_bound(const aec_codec *codec, const aec_picture *picture);

/* The encoder network's output to codes.
 *
 * outputs: [vectors][codec->outputs], row after row of tiles, plane after plane.
 * codes: [vectors][codec->dimension]; may be the same memory where dimension equals outputs. */
void aec_codes(const aec_codec *codec, const int8_t *outputs, size_t vectors, int8_t *codes);

/* Codes to the decoder network's input: 0 in the channels of other levels.
 *
 * inputs: [vectors][codec->outputs], not the memory of codes. */
void aec_integers(const aec_codec *codec, const int8_t *codes, size_t vectors, int8_t *inputs);

/* Codes to a file.
 *
 * codes: [aec_vectors][codec->dimension], as aec_codes gives them; only read.
 * work: work_size bytes, aec_work_size at least, aligned as uint32_t is; must not overlap codes or file.
 * file: room for capacity bytes; aec_file_bound is always enough.
 * size: the bytes that were written; set with AEC_OK alone, else what file holds is undefined.
 *
 * AEC_OK, AEC_TOO_LARGE, AEC_BUFFER_TOO_SMALL. Nothing is written beyond any bound. */
aec_status aec_encode(const aec_codec *codec, const aec_picture *picture, const int8_t *codes,
                      uint32_t *work, size_t work_size, uint8_t *file, size_t capacity, size_t *size);

#ifndef AEC_ENCODER_ONLY

/* What a file says of itself; its checksum is checked.
 *
 * AEC_OK, AEC_DAMAGED. */
aec_status aec_read_header(const uint8_t *file, size_t size, aec_header *header);

/* A file to codes.
 *
 * codes: room for capacity bytes; [*vectors][codec->dimension] of them are written, those of all planes
 *     and frames.
 * work: as in aec_encode.
 *
 * AEC_OK, or any other status; the codes are whole only with AEC_OK. Memory is bounded by capacity, and
 * time by that and by the file's size, whatever the file says. */
aec_status aec_decode(const aec_codec *codec, const uint8_t *file, size_t size, uint32_t *work,
                      size_t work_size, int8_t *codes, size_t capacity, size_t *vectors);

#endif

#ifdef __cplusplus
}
#endif

#endif
