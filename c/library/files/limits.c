/* SPDX-License-Identifier: Apache-2.0 */
/* What files claim, and limits on it, which are checked before anything is allocated. A few bytes can claim a
 * huge picture: a decompression bomb. By default, a file may claim as much as is usual for its size. */
#include "bounds/segments.h"
#include "files/opened_file.h"

enum {
    DEFAULT_MAX_PIXELS = 178956970, /* the limit of Pillow */
    FREE_FRAMES = 1000, /* that a file of any size may hold */
    BYTES_PER_FRAME = 8, /* in a file with more; digits have more at every level */
    FREE_WORK = 1 << 21, /* that a file of any size may take */
    WORK_PER_BYTE = 32768, /* a blank page has 16,200 at level 2 of `photo`, a smooth photograph 640 */
    COPIED = 64, /* bytes of metadata that are as much work as a pixel */
    REFINED = 8, /* pixels of a refinement, of which a uniform segment has 65536 in 6 bytes */
    ENLARGED = 8, /* pixels that are only enlarged in the time in which one is computed */
    ROUNDED_UP = 4 /* how many times more pixels whole tiles may have than an allowed number */
};

static uint64_t max_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t all_pixels(const opened_file *f)
{
    return (uint64_t)f->samples.width * f->samples.height * f->samples.frames;
}

/* RGB pixels that are as much work as a pixel with as many bands or bytes. */
static uint32_t per_three(uint32_t count)
{
    return count > 3 ? divide_up(count, 3) : 1;
}

static uint64_t work_of(const opened_file *f, uint64_t weighted_pixels)
{
    const uint64_t tiles = aecodec_tile_pixels(&f->bundle->facts, &f->geometry) / f->geometry.planes;
    const uint64_t refined = all_pixels(f) * f->refined.count / REFINED;
    const uint64_t computed = (f->has_base ? tiles * f->samples.frames : 0) + refined;
    const uint64_t copied = (uint64_t)COPIED * f->header.metadata_size * f->samples.frames;
    return max_of(max_of(computed * per_three(f->samples.bands), weighted_pixels / ENLARGED), copied);
}

/* Bytes that refinements take: working memory, and enlarged pixels. */
static uint64_t memory_of_refinements(const opened_file *f)
{
    const uint64_t enlarged = f->header.samples ? 0 : all_pixels(f) * f->coded_channels;
    uint32_t roots = 0, n;
    for (n = 0; n < f->refined.count; n++) {
        const refinement *r = &f->refined.refinements[n];
        roots = r->is_root && r->bound_count > roots ? r->bound_count : roots;
    }
    return n ? aecodec_segments_memory(&f->samples, roots) + enlarged : 0;
}

static uint64_t memory_of(const opened_file *f)
{
    const aecodec_codec_facts *facts = &f->bundle->facts;
    const uint64_t pixels = all_pixels(f);
    const uint64_t coded =
        f->has_base ? (uint64_t)f->geometry.width * f->geometry.height * f->samples.frames : pixels;
    const uint64_t codes = f->has_base ? aecodec_vectors(facts, &f->geometry) * facts->latent_channels : 0;
    const uint64_t memory = codes + memory_of_refinements(f);
    if (f->header.samples) { /* values of a base, samples, and a mask whose bits come first */
        return memory + pixels * f->samples.bands * ((f->has_base ? 2 : 0) + sample_size(f->samples.type)) +
               2 * pixels * f->samples.mask_planes;
    }
    if (f->channels == f->coded_channels) {
        return memory + (coded + pixels) * f->channels;
    }
    /* enlarged pixels, and a copy with all channels */
    return memory + pixels * (f->coded_channels + f->channels + (f->header.alpha ? 1 : 0));
}

aecodec_claim aecodec_file_claim(const opened_file *f, const aecodec_limits *limits)
{
    const uint64_t most = UINT64_MAX / ROUNDED_UP, pixels = limits->max_pixels;
    const uint64_t allowed = pixels ? ROUNDED_UP * (pixels < most ? pixels : most)
                                    : (uint64_t)WORK_PER_BYTE * f->size;
    aecodec_claim claim;
    claim.width = f->samples.width;
    claim.height = f->samples.height;
    claim.frames = f->samples.frames;
    claim.weight = per_three(f->samples.bands * sample_size(f->samples.type));
    claim.pixels = all_pixels(f) * claim.weight;
    claim.work = work_of(f, claim.pixels);
    claim.memory = memory_of(f);
    claim.max_frames = limits->max_frames ? limits->max_frames
                                          : max_of(FREE_FRAMES, f->size / BYTES_PER_FRAME);
    claim.max_pixels = limits->max_pixels ? limits->max_pixels : DEFAULT_MAX_PIXELS;
    claim.max_work = max_of(FREE_WORK, allowed);
    return claim;
}

aecodec_status aecodec_limits_check(const aecodec_claim *claim)
{
    if (claim->frames > claim->max_frames) {
        return AECODEC_TOO_MANY_FRAMES;
    }
    if (claim->pixels > claim->max_pixels) {
        return AECODEC_TOO_MANY_PIXELS;
    }
    return claim->work > claim->max_work ? AECODEC_TOO_MUCH_WORK : AECODEC_OK;
}

aecodec_status aecodec_claim_of(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                                const aecodec_limits *limits, aecodec_claim *claim)
{
    static const aecodec_limits defaults;
    opened_file f;
    aecodec_status status = aecodec_file_parse(file, size, &f);
    status = status == AECODEC_OK ? aecodec_file_fit(bundle, &f) : status;
    if (status == AECODEC_OK) {
        limits = limits ? limits : &defaults;
        f.refined.count = limits->base_only ? 0 : f.refined.count;
        *claim = aecodec_file_claim(&f, limits);
    }
    return status;
}
