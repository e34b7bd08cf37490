/* SPDX-License-Identifier: Apache-2.0 */
/* Codec files: checks of the head and of each section before its use (docs/FORMAT.md, section 3). */
#include <stdlib.h>
#include <string.h>

#include "codec_files/bundle.h"
#include "pictures/geometry.h"

enum {
    NUMBERS = 16,  /* offset of the numbers that the identity covers, and their bytes */
    FACTS = 64,    /* bytes of the head before the levels */
    LEVEL = 8,     /* bytes of a level */
    ENTRY = 48,    /* bytes of an entry of the directory */
    CONTENT = 40,  /* bytes of an entry before the offset */
    DIGEST = 32,
    MAX_TILE = 4096,
    MAX_LATENT_CHANNELS = 1 << 15,
    MAX_RECEPTIVE_FIELD = 64,
    MAX_DIMENSION = 2000,
    MAX_SMALLEST_WINDOW = 1 << 30,
    MAX_NAME = 400,
    MAX_NETWORK_BANDS = 32,
    MIN_GAIN = -2048
};

/* ---- the built-in codec ---- */

/* Its files state other sizes than that of a digit. */
static const aecodec_bundle built_in = {.facts = {.sha256 = AECODEC_SAMPLES_ID,
                                                  .tile_width = 28,
                                                  .tile_height = 28,
                                                  .channels = 1,
                                                  .vectors_per_tile = 1,
                                                  .name = "samples"}};

const aecodec_bundle *aecodec_samples_codec(void)
{
    return &built_in;
}

/* ---- the head ---- */

/* Check that the beginning is a whole head. Returns its size, or 0. */
static size_t check_head(const uint8_t *bytes, size_t size)
{
    static const uint8_t beginning[6] = {0xae, 0x43, 0x4f, 0x44, 1, 0};
    uint8_t digest[DIGEST];
    if (size < FACTS + DIGEST || memcmp(bytes, beginning, sizeof beginning) != 0) {
        return 0;
    }
    size_t head = read_u32(bytes + 8);
    if (head > size || head < FACTS + DIGEST || head % ALIGNMENT) {
        return 0;
    }
    aecodec_sha256(bytes, head - DIGEST, digest);
    return HAS_CHECKSUMS && memcmp(digest, bytes + head - DIGEST, DIGEST) != 0 ? 0 : head;
}

static void read_facts(const uint8_t *head, aecodec_codec_facts *facts)
{
    facts->sections = read_u16(head + 6);
    facts->tile_height = read_u16(head + 16);
    facts->tile_width = read_u16(head + 18);
    facts->channels = head[20];
    facts->levels = head[21];
    facts->default_level = head[22];
    facts->phases = head[23];
    facts->receptive_field = read_u16(head + 24);
    facts->latent_channels = read_u16(head + 26);
    facts->vectors_per_tile = read_u16(head + 28);
    memcpy(facts->sha256, head + 32, DIGEST);
}

static int is_between(uint32_t number, uint32_t least, uint32_t most)
{
    return number >= least && number <= most;
}

/* Bytes that the network of a codec with bands sees at least of a large picture. */
static uint64_t smallest_window(const aecodec_codec_facts *facts)
{
    uint64_t side = 2 * (uint64_t)facts->receptive_field + 1;
    return side * side * facts->tile_height * facts->tile_width * aecodec_network_channels(facts);
}

static int channels_fit(const aecodec_codec_facts *facts)
{
    if (!facts->phases) {
        return facts->channels == 1 || facts->channels == 3;
    }
    return is_between(facts->channels, 1, MAX_NETWORK_BANDS) && facts->phases <= AECODEC_MAX_PHASES &&
           (facts->phases & (facts->phases - 1)) == 0 && smallest_window(facts) <= MAX_SMALLEST_WINDOW;
}

static int facts_fit(const aecodec_codec_facts *facts)
{
    return !is_samples_id(facts->sha256) && is_between(facts->tile_height, 1, MAX_TILE) &&
           is_between(facts->tile_width, 1, MAX_TILE) && facts->tile_height * facts->tile_width <= 1u << 16 &&
           channels_fit(facts) && is_between(facts->levels, 1, MAX_LEVELS) &&
           is_between(facts->default_level, 1, facts->levels) &&
           facts->receptive_field <= MAX_RECEPTIVE_FIELD &&
           is_between(facts->latent_channels, 1, MAX_LATENT_CHANNELS) && facts->vectors_per_tile >= 1 &&
           (facts->receptive_field == 0 || facts->vectors_per_tile == 1);
}

static int level_fits(const aecodec_codec_facts *facts, const level_facts *level, unsigned has_gains)
{
    return is_between(level->dimension, 1, MAX_DIMENSION) &&
           level->start + level->dimension <= facts->latent_channels && level->multiple % 2 == 1 &&
           has_gains <= 1 && (!has_gains || level->multiple == 1);
}

/* Read the levels: all have gains for the same channels, or none has. */
static int read_levels(const uint8_t *at, aecodec_bundle *bundle)
{
    aecodec_codec_facts *facts = &bundle->facts;
    facts->has_gains = at[5];
    for (uint32_t n = 0; n < facts->levels; n++, at += LEVEL) {
        level_facts *level = &bundle->levels[n];
        level->start = read_u16(at);
        level->dimension = read_u16(at + 2) - level->start;
        level->multiple = at[4];
        if (!level_fits(facts, level, at[5]) || at[5] != facts->has_gains) {
            return 0;
        }
        if (facts->has_gains && (level->start != bundle->levels[0].start ||
                                 level->dimension != bundle->levels[0].dimension)) {
            return 0;
        }
    }
    return 1;
}

static int read_gains(const uint8_t *at, aecodec_bundle *bundle)
{
    size_t count = (size_t)bundle->facts.levels * bundle->levels[0].dimension;
    bundle->gains = (const int16_t *)(const void *)at; /* all before it is a multiple of 8 */
    for (size_t n = 0; n < count; n++) {
        if (bundle->gains[n] < MIN_GAIN || bundle->gains[n] > 0) {
            return 0;
        }
    }
    return 1;
}

static void read_entry(const uint8_t *at, aecodec_section *entry)
{
    entry->kind = at[0];
    entry->level = at[1];
    entry->size = read_u32(at + 4);
    memcpy(entry->sha256, at + 8, DIGEST);
    entry->offset = read_u32(at + CONTENT);
    entry->is_present = 0;
}

static aecodec_status read_directory(const uint8_t *at, aecodec_bundle *bundle)
{
    uint32_t primers = 0;
    bundle->sections = calloc(bundle->facts.sections + 1u, sizeof *bundle->sections);
    if (!bundle->sections) {
        return AECODEC_NO_MEMORY;
    }
    for (uint32_t n = 0; n < bundle->facts.sections; n++, at += ENTRY) {
        section *each = &bundle->sections[n];
        read_entry(at, &each->entry);
        if (each->entry.offset % ALIGNMENT ||
            (each->entry.kind == AECODEC_LEVEL && !is_between(each->entry.level, 1, bundle->facts.levels)) ||
            (each->entry.kind == AECODEC_PRIMER && (each->entry.level || primers++))) {
            return AECODEC_BAD_BUNDLE;
        }
    }
    return AECODEC_OK;
}

static int decoding_depends_on(uint32_t kind)
{
    return kind == AECODEC_DECODER || kind == AECODEC_LEVEL || kind == AECODEC_BANDS ||
           kind == AECODEC_PRIMER;
}

/* Compare the identity with what it covers: numbers, levels, gains and name, and the content of sections.
 *
 * directory: after the name. */
static aecodec_status check_identity(const aecodec_bundle *bundle, const uint8_t *head,
                                     const uint8_t *directory)
{
    uint8_t digest[DIGEST], *covered, *end;
    size_t described = (size_t)(directory - head) - FACTS;
    covered = malloc(NUMBERS + described + (size_t)bundle->facts.sections * CONTENT);
    if (!covered) {
        return AECODEC_NO_MEMORY;
    }
    memcpy(covered, head + NUMBERS, NUMBERS);
    memcpy(covered + NUMBERS, head + FACTS, described);
    end = covered + NUMBERS + described;
    for (uint32_t n = 0; n < bundle->facts.sections; n++, directory += ENTRY) {
        if (decoding_depends_on(directory[0])) {
            memcpy(end, directory, CONTENT);
            end += CONTENT;
        }
    }
    aecodec_sha256(covered, (size_t)(end - covered), digest);
    free(covered);
    return HAS_CHECKSUMS && memcmp(digest, bundle->facts.sha256, DIGEST) != 0 ? AECODEC_BAD_BUNDLE
                                                                              : AECODEC_OK;
}

static aecodec_status read_head(const uint8_t *head, size_t size, aecodec_bundle *bundle)
{
    aecodec_codec_facts *facts = &bundle->facts;
    size_t name = read_u16(head + 30);
    read_facts(head, facts);
    bundle->rate_weight.most = head[12];
    bundle->rate_weight.masking = head[13];
    size_t levels = FACTS + (size_t)facts->levels * LEVEL;
    size_t rest = (size_t)facts->sections * ENTRY + name + DIGEST;
    if (!facts_fit(facts) || name > MAX_NAME || levels + rest > size || !read_levels(head + FACTS, bundle)) {
        return AECODEC_BAD_BUNDLE;
    }
    size_t gains = facts->has_gains ? 2 * (size_t)facts->levels * bundle->levels[0].dimension : 0;
    if (levels + gains + rest > size || (gains && !read_gains(head + levels, bundle))) {
        return AECODEC_BAD_BUNDLE;
    }
    memcpy(facts->name, head + levels + gains, name);
    aecodec_status status = check_identity(bundle, head, head + levels + gains + name);
    return status == AECODEC_OK ? read_directory(head + levels + gains + name, bundle) : status;
}

/* ---- sections ---- */

/* Whether a network takes and gives what the codec's tiles and latents are. */
static int network_fits(const aecodec_codec_facts *facts, const aecodec_network *network, int is_encoder)
{
    static const placed_window one = {0, {0, 1, 0, 1}, {0, 1, 0, 1}};
    uint32_t shape[3];
    aecodec_network_input(network, shape);
    if (facts->receptive_field ? shape[0] || shape[1] : !shape[0] || !shape[1]) {
        return 0;
    }
    aecodec_window tile = aecodec_window_for(facts, network, is_encoder, &one);
    return aecodec_window_is_taken(network, &tile);
}

static aecodec_status open_network(aecodec_bundle *bundle, const section *s, aecodec_network *network,
                                   int *has)
{
    *has = aecodec_network_open(network, s->content, s->entry.size) == AECODEC_OK &&
           network_fits(&bundle->facts, network, s->entry.kind == AECODEC_ENCODER);
    return *has ? AECODEC_OK : AECODEC_BAD_BUNDLE;
}

/* Check the content of a section, and use it from now on. Unknown kinds are left alone. */
static aecodec_status use_section(aecodec_bundle *bundle, section *s)
{
    uint32_t level = s->entry.level;
    s->entry.is_present = 1;
    switch (s->entry.kind) {
    case AECODEC_ENCODER:
        return open_network(bundle, s, &bundle->encoder, &bundle->has_encoder);
    case AECODEC_DECODER:
        return open_network(bundle, s, &bundle->decoder, &bundle->has_decoder);
    case AECODEC_LEVEL:
        return aecodec_level_tables_open(bundle, level, s->content, s->entry.size,
                                         &bundle->tables[level - 1]);
    case AECODEC_BANDS:
        return aecodec_bands_open(&bundle->facts, s->content, s->entry.size, &bundle->bands);
    case AECODEC_PRIMER:
        bundle->primer = aecodec_primer_read(s->content, s->entry.size);
        return bundle->primer ? AECODEC_OK : AECODEC_BAD_BUNDLE;
    default:
        return AECODEC_OK;
    }
}

static aecodec_status use_sections(aecodec_bundle *bundle, const uint8_t *bytes, size_t size)
{
    aecodec_status status = AECODEC_OK;
    for (uint32_t n = 0; n < bundle->facts.sections && status == AECODEC_OK; n++) {
        section *s = &bundle->sections[n];
        if (s->entry.offset && s->entry.offset <= size && s->entry.size <= size - s->entry.offset) {
            s->content = bytes + s->entry.offset;
            status = use_section(bundle, s);
        }
    }
    return status;
}

aecodec_status aecodec_bundle_from_memory(const void *bytes, size_t size, aecodec_bundle **bundle)
{
    /* Tables are read where they lie, which takes a processor with the file's order of bytes. */
    static const uint16_t one = 1;
    const int is_little_endian = *(const uint8_t *)&one;
    aecodec_bundle *opened;
    if ((uintptr_t)bytes % ALIGNMENT) {
        return AECODEC_BAD_ARGUMENT;
    }
    size_t head = check_head(bytes, size);
    if (!head || !is_little_endian) {
        return AECODEC_BAD_BUNDLE;
    }
    opened = calloc(1, sizeof *opened);
    if (!opened) {
        return AECODEC_NO_MEMORY;
    }
    aecodec_status status = read_head(bytes, head, opened);
    status = status == AECODEC_OK ? use_sections(opened, bytes, size) : status;
    if (status == AECODEC_OK) {
        *bundle = opened;
    } else {
        aecodec_bundle_close(opened);
    }
    return status;
}

aecodec_status aecodec_bundle_add(aecodec_bundle *bundle, uint32_t number, const void *bytes, size_t size)
{
    section *s = bundle->sections + number;
    if (number >= bundle->facts.sections || (uintptr_t)bytes % ALIGNMENT || size != s->entry.size) {
        return AECODEC_BAD_ARGUMENT;
    }
    if (s->entry.is_present) {
        return AECODEC_OK;
    }
    s->content = bytes;
    aecodec_status status = use_section(bundle, s);
    if (status != AECODEC_OK) {
        s->content = NULL;
        s->entry.is_present = 0;
    }
    return status;
}

void aecodec_bundle_close(aecodec_bundle *bundle)
{
    if (bundle && bundle != &built_in) {
        aecodec_primer_free(bundle->primer);
        free(bundle->memory);
        free(bundle->sections);
        free(bundle);
    }
}

void aecodec_bundle_facts(const aecodec_bundle *bundle, aecodec_codec_facts *facts)
{
    *facts = bundle->facts;
}

aecodec_status aecodec_bundle_section(const aecodec_bundle *bundle, uint32_t number, aecodec_section *entry)
{
    if (number >= bundle->facts.sections) {
        return AECODEC_BAD_ARGUMENT;
    }
    *entry = bundle->sections[number].entry;
    return AECODEC_OK;
}

const void *aecodec_bundle_find(const aecodec_bundle *bundle, uint32_t kind, uint32_t level, size_t *size)
{
    for (uint32_t n = 0; n < bundle->facts.sections; n++) {
        const section *s = &bundle->sections[n];
        if (s->entry.is_present && s->entry.kind == kind && s->entry.level == level) {
            *size = s->entry.size;
            return s->content;
        }
    }
    return NULL;
}

int aecodec_bundle_lists(const aecodec_bundle *bundle, uint32_t kind)
{
    uint32_t n = 0;
    while (n < bundle->facts.sections && bundle->sections[n].entry.kind != kind) {
        n++;
    }
    return n < bundle->facts.sections;
}

const aecodec_network *aecodec_network_of(const aecodec_bundle *bundle, int is_encoder)
{
    if (is_encoder) {
        return bundle->has_encoder ? &bundle->encoder : NULL;
    }
    return bundle->has_decoder ? &bundle->decoder : NULL;
}
