/* SPDX-License-Identifier: Apache-2.0 */
/* From the size of a picture to its planes, tiles, segments and windows. Private. */
#pragma once

#include "aecodec_network.h"
#include "base/common.h"

/* The planes that the networks process. */
typedef struct {
    uint32_t width, height; /* of the coded pictures, in pixels */
    uint32_t planes;        /* number of pictures, times three for colour pictures and a grey codec */
    uint32_t rows, columns; /* tiles of a plane */
} geometry;

uint32_t aecodec_network_channels(const aecodec_codec_facts *facts);
geometry aecodec_geometry_of(const aecodec_codec_facts *facts, uint32_t width, uint32_t height,
                             uint32_t reduction, uint32_t frames, int has_colours);
uint64_t aecodec_tile_pixels(const aecodec_codec_facts *facts, const geometry *g);
uint64_t aecodec_vectors(const aecodec_codec_facts *facts, const geometry *g);
/* Whether the numbers of tiles and vectors are within the limits of the format. */
int aecodec_geometry_fits(const aecodec_codec_facts *facts, const geometry *g);

typedef struct {
    uint32_t plane, top, left;
    aecodec_segment size;
} placed_segment;

uint32_t aecodec_segment_count(const aecodec_codec_facts *facts, const geometry *g);
placed_segment aecodec_segment_at(const aecodec_codec_facts *facts, const geometry *g, uint32_t number);
/* Copy the items of a segment, of some bytes each, from their places among those of all planes, or back to
 * them. */
void aecodec_segment_copy(const geometry *g, const placed_segment *s, void *all, void *part, size_t bytes,
                          int is_back);

/* The windows of the planes that a network processes one by one; single tiles without a receptive field. */
typedef struct {
    uint32_t down, across; /* windows of a plane */
    uint32_t margin;       /* the receptive field */
} windows;

/* One side of a window, in tiles: the network processes low to high, and its output from start to stop is
 * used. */
typedef struct {
    uint32_t start, stop, low, high;
} span;

typedef struct {
    uint32_t plane;
    span rows, columns;
} placed_window;

/* Divide the planes into at least `parts` windows, each small enough for the network to run in WINDOW_MEMORY.
 * If that is impossible, the windows are as small as possible. network: NULL if it is absent. */
windows aecodec_windows_of(const aecodec_codec_facts *facts, const geometry *g,
                           const aecodec_network *network, int is_encoder, uint32_t parts);
uint32_t aecodec_window_count(const geometry *g, const windows *w);
placed_window aecodec_window_at(const geometry *g, const windows *w, uint32_t number);
/* Sizes of input and output of the network for a window. network: NULL if it is absent. */
aecodec_window aecodec_window_for(const aecodec_codec_facts *facts, const aecodec_network *network,
                                  int is_encoder, const placed_window *placed);
/* Whether the network supports a window: the bundle may be inconsistent. */
int aecodec_window_is_taken(const aecodec_network *network, const aecodec_window *w);
