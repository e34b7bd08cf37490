/* SPDX-License-Identifier: Apache-2.0 */
/* From the size of a picture to its planes, tiles, segments and windows. */
#include "pictures/geometry.h"

#include <string.h>

enum { SEGMENT_SIDE = 128 };

static uint32_t most(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

uint32_t aecodec_network_channels(const aecodec_codec_facts *facts)
{
    return facts->channels * most(1, facts->phases);
}

geometry aecodec_geometry_of(const aecodec_codec_facts *facts, uint32_t width, uint32_t height,
                             uint32_t reduction, uint32_t frames, int has_colours)
{
    geometry g;
    g.width = divide_up(2 * width, reduction);
    g.height = divide_up(2 * height, reduction);
    g.planes = frames * (facts->channels == 1 && has_colours ? 3u : 1u);
    g.rows = divide_up(g.height, facts->tile_height);
    g.columns = divide_up(g.width, facts->tile_width);
    return g;
}

uint64_t aecodec_tile_pixels(const aecodec_codec_facts *facts, const geometry *g)
{
    uint64_t height = (uint64_t)g->rows * facts->tile_height,
             width = (uint64_t)g->columns * facts->tile_width;
    return height * width * g->planes;
}

uint64_t aecodec_vectors(const aecodec_codec_facts *facts, const geometry *g)
{
    return (uint64_t)g->planes * g->rows * g->columns * facts->vectors_per_tile;
}

int aecodec_geometry_fits(const aecodec_codec_facts *facts, const geometry *g)
{
    return aecodec_tile_pixels(facts, g) <= MAX_PIXELS && aecodec_vectors(facts, g) <= UINT32_MAX;
}

/* ---- segments (FORMAT, section 4) ---- */

static uint32_t planes_together(const geometry *g)
{
    uint32_t own = least(g->rows, SEGMENT_SIDE) * least(g->columns, SEGMENT_SIDE);
    return most(1, SEGMENT_SIDE * SEGMENT_SIDE / own);
}

uint32_t aecodec_segment_count(const aecodec_codec_facts *facts, const geometry *g)
{
    if (!facts->receptive_field) {
        return 1;
    }
    return divide_up(g->planes, planes_together(g)) * divide_up(g->rows, SEGMENT_SIDE) *
           divide_up(g->columns, SEGMENT_SIDE);
}

placed_segment aecodec_segment_at(const aecodec_codec_facts *facts, const geometry *g, uint32_t number)
{
    uint32_t across = divide_up(g->columns, SEGMENT_SIDE), down = divide_up(g->rows, SEGMENT_SIDE);
    placed_segment s = {0, 0, 0, {1, 1, 0}};
    if (!facts->receptive_field) {
        s.size.columns = (uint32_t)aecodec_vectors(facts, g);
        return s;
    }
    s.left = number % across * SEGMENT_SIDE;
    s.top = number / across % down * SEGMENT_SIDE;
    s.plane = number / across / down * planes_together(g);
    s.size.planes = least(planes_together(g), g->planes - s.plane);
    s.size.rows = least(SEGMENT_SIDE, g->rows - s.top);
    s.size.columns = least(SEGMENT_SIDE, g->columns - s.left);
    return s;
}

void aecodec_segment_copy(const geometry *g, const placed_segment *s, void *all, void *part, size_t bytes,
                          int is_back)
{
    const size_t run = s->size.columns * bytes;
    uint8_t *to = part;
    for (uint32_t plane = s->plane; plane < s->plane + s->size.planes; plane++) {
        for (uint32_t row = s->top; row < s->top + s->size.rows; row++, to += run) {
            uint8_t *at = (uint8_t *)all + (((size_t)plane * g->rows + row) * g->columns + s->left) * bytes;
            memcpy(is_back ? at : to, is_back ? to : at, run);
        }
    }
}

/* ---- windows ---- */

/* The most windows along a side of count tiles: each keeps a tile that is not seen as a margin. */
static uint32_t most_along(uint32_t count, uint32_t margin)
{
    return count > 2 * margin ? count - 2 * margin : 1;
}

static uint32_t seen_along(uint32_t count, uint32_t number, uint32_t margin)
{
    return divide_up(count + 2 * (number - 1) * margin, number);
}

static span span_at(uint32_t count, uint32_t number, uint32_t n, uint32_t margin)
{
    uint32_t seen = seen_along(count, number, margin), between = most(1, number - 1);
    span s;
    s.low = (uint32_t)((uint64_t)(count - seen) * n / between);
    s.high = s.low + seen;
    s.start = n ? s.low + margin : 0;
    s.stop = n + 1 < number ? (uint32_t)((uint64_t)(count - seen) * (n + 1) / between) + margin : count;
    return s;
}

static aecodec_window window_sizes(const aecodec_codec_facts *facts, int is_encoder, uint32_t rows,
                                   uint32_t columns)
{
    uint32_t pixels = rows * facts->tile_height * columns * facts->tile_width *
                      aecodec_network_channels(facts);
    uint32_t latents = rows * columns * facts->vectors_per_tile * facts->latent_channels;
    const aecodec_window encoder = {rows * facts->tile_height, columns * facts->tile_width, pixels, latents};
    const aecodec_window decoder = {rows, columns, latents, pixels};
    return is_encoder ? encoder : decoder;
}

aecodec_window aecodec_window_for(const aecodec_codec_facts *facts, const aecodec_network *network,
                                  int is_encoder, const placed_window *placed)
{
    aecodec_window w = window_sizes(facts, is_encoder, placed->rows.high - placed->rows.low,
                                    placed->columns.high - placed->columns.low);
    uint32_t shape[3];
    if (network && !facts->receptive_field) { /* of one shape, which may be flat */
        aecodec_network_input(network, shape);
        w.rows = shape[0];
        w.columns = shape[1];
    }
    return w;
}

int aecodec_window_is_taken(const aecodec_network *network, const aecodec_window *w)
{
    uint32_t in[3], out[3];
    aecodec_network_input(network, in);
    return (uint64_t)w->rows * w->columns * in[2] == w->input_size &&
           aecodec_network_output(network, w->rows, w->columns, out) == AECODEC_OK &&
           (uint64_t)out[0] * out[1] * out[2] == w->output_size;
}

/* Bytes that running the network on a window takes, as far as is known. A network that is not present is
 * taken to need as much as its input and output. */
static uint64_t memory_of(const aecodec_codec_facts *facts, const geometry *g, const windows *w,
                          const aecodec_network *network, int is_encoder)
{
    placed_window first = aecodec_window_at(g, w, 0);
    uint64_t tiles = (uint64_t)(first.rows.high - first.rows.low) * (first.columns.high - first.columns.low);
    uint64_t ends = tiles * (facts->tile_height * facts->tile_width * aecodec_network_channels(facts) +
                             facts->latent_channels);
    if (!network || ends > UINT32_MAX) {
        return ends;
    }
    aecodec_window sizes = aecodec_window_for(facts, network, is_encoder, &first);
    size_t work = aecodec_network_work_size(network, sizes.rows, sizes.columns);
    return work ? ends + work : UINT64_MAX;
}

/* Make one window more along the side on which they see more. Returns whether that was possible. */
static int split_more(const geometry *g, windows *w)
{
    int may_down = w->down < most_along(g->rows, w->margin);
    int may_across = w->across < most_along(g->columns, w->margin);
    int is_tall = seen_along(g->rows, w->down, w->margin) >= seen_along(g->columns, w->across, w->margin);
    if (may_down && (is_tall || !may_across)) {
        w->down++;
    } else if (may_across) {
        w->across++;
    }
    return may_down || may_across;
}

windows aecodec_windows_of(const aecodec_codec_facts *facts, const geometry *g,
                           const aecodec_network *network, int is_encoder, uint32_t parts)
{
    windows w = {1, 1, 0};
    w.margin = facts->receptive_field;
    if (!w.margin) {
        w.down = g->rows;
        w.across = g->columns;
        return w;
    }
    while ((aecodec_window_count(g, &w) < parts ||
            memory_of(facts, g, &w, network, is_encoder) > WINDOW_MEMORY) &&
           split_more(g, &w)) {
    }
    return w;
}

uint32_t aecodec_window_count(const geometry *g, const windows *w)
{
    return g->planes * w->down * w->across;
}

placed_window aecodec_window_at(const geometry *g, const windows *w, uint32_t number)
{
    const placed_window placed = {number / w->across / w->down,
                                  span_at(g->rows, w->down, number / w->across % w->down, w->margin),
                                  span_at(g->columns, w->across, number % w->across, w->margin)};
    return placed;
}
