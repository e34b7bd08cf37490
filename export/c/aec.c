#include "aec.h"

#include <limits.h>
#include <string.h>

#if INT_MAX < 2147483647
#error "aec.c is for processors whose int has 32 bits"
#endif

enum {
    SIZE_FLAG = 0x04,
    LEVEL_FLAG = 0x08,
    FRAMES_FLAG = 0x10,
    METADATA_FLAG = 0x20,
    REDUCTION_FLAG = 0x40,
    RESERVED_FLAG = 0x80,
    SHORTEST_FILE = 12,
    MOST_SIDE = 1 << 20,
    MOST_FRAMES = 1 << 24,
    MOST_PIXELS = 1 << 30,
    MOST_REDUCED_PIXELS = 1 << 26,
    CEILING = 127,
    TREND_CEILING = 511,
    LED = 64, /* places whose tables trends move */
    RAREST = 16 * 256, /* what a symbol of frequency 1 costs */
    CLOSE = 4 * 256, /* what a second prior may cost more, without context, to be tried with it */
    FAR = 1024, /* every code is as far from here as from anywhere beyond: it has no column */
    FIRST_DISTANCE = 8
};

/* ---- small arithmetic ---- */

/* x >> bits, rounded towards minus infinity; C leaves that open for a negative x. */
static int32_t shifted_right(int32_t x, unsigned bits)
{
    return x >= 0 ? x >> bits : ~(~x >> bits);
}

static int32_t clipped(int32_t x, int32_t least, int32_t most)
{
    return x < least ? least : x > most ? most : x;
}

/* Sums of products are of whole vectors of processors that have such: the inputs that are not known
 * yet are 0, whatever weights lie beyond. */
static size_t padded(size_t count)
{
    return (count + AEC_LANES - 1) / AEC_LANES * AEC_LANES;
}

/* Inputs have 16 bits, for processors multiply and add pairs of such. */
static int32_t dot(const int16_t *a, const int8_t *b, size_t count)
{
    int32_t sum = 0;
    size_t n;
    for (n = 0; n < count; n++) {
        sum += a[n] * (int16_t)b[n];
    }
    return sum;
}

static void add_multiple(int32_t *restrict sums, const int8_t *restrict weights, int32_t unit, size_t count)
{
    size_t n;
    for (n = 0; n < count; n++) {
        sums[n] += (int16_t)(weights[n] * unit); /* 16 bits hold it, which is quicker */
    }
}

/* CRC-32 (ISO-HDLC), without a table. */
static uint32_t crc32(const uint8_t *data, size_t size)
{
    uint32_t crc = UINT32_MAX;
    size_t n;
    int bit;
    for (n = 0; n < size; n++) {
        crc ^= data[n];
        for (bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1u)));
        }
    }
    return ~crc;
}

/* ---- levels (FORMAT, section 6) ---- */

/* What is nearer to 0 than 0.58 of a step is coded as 0: an encoder's choice. */
#define DEAD_ZONE 19005

static int8_t nearest(int32_t scaled)
{
    return (int8_t)shifted_right(scaled + (1 << 14), 15);
}

static int8_t code_of(const aec_codec *codec, int32_t integer, size_t channel)
{
    if (codec->factors) {
        int32_t scaled = integer * codec->factors[channel];
        return scaled > -DEAD_ZONE && scaled < DEAD_ZONE ? 0 : nearest(scaled);
    }
    /* 128 multiples more, so that the quotient is not negative */
    return (int8_t)((integer + codec->multiple / 2 + 128 * codec->multiple) / codec->multiple - 128);
}

/* Of -128 or 127, with no regard to the dead zone: another encoder may have none. */
static int8_t extreme_code(const aec_codec *codec, int32_t integer, size_t channel)
{
    return codec->factors ? nearest(integer * codec->factors[channel]) : code_of(codec, integer, channel);
}

static int8_t integer_of(const aec_codec *codec, int32_t code, size_t channel)
{
    int32_t integer = code * codec->multiple;
    if (codec->factors) {
        int32_t factor = codec->factors[channel], doubled = code * 65536 + factor;
        integer = doubled / (2 * factor) - (doubled % (2 * factor) < 0);
    }
    return (int8_t)clipped(integer, -128, 127);
}

void aec_codes(const aec_codec *codec, const int8_t *outputs, size_t vectors, int8_t *codes)
{
    size_t channel;
    for (outputs += codec->start; vectors > 0; vectors--, outputs += codec->outputs) {
        for (channel = 0; channel < codec->dimension; channel++) {
            *codes++ = code_of(codec, outputs[channel], channel);
        }
    }
}

void aec_integers(const aec_codec *codec, const int8_t *codes, size_t vectors, int8_t *inputs)
{
    size_t vector, channel;
    memset(inputs, 0, vectors * codec->outputs);
    for (vector = 0; vector < vectors; vector++) {
        for (channel = 0; channel < codec->dimension; channel++) {
            inputs[vector * codec->outputs + codec->start + channel] =
                integer_of(codec, codes[vector * codec->dimension + channel], channel);
        }
    }
}

/* ---- the range coder (section 5) ---- */

/* Writes a message; or reads one, writes what it read again, and compares. */
typedef struct {
    const uint8_t *message; /* NULL in writing */
    uint8_t *out;           /* NULL in reading */
    size_t size;            /* of the message, or the room in out */
    size_t taken;           /* bytes read into point */
    size_t put, length;     /* bytes written, and those up to the last that is not 0 */
    uint64_t low, range, point;
    uint32_t held;    /* a word that a carry may still raise, */
    uint32_t waiting; /* and so many words of ones after it */
    int holds;
    aec_status status;
} coder;

/* Where nothing but encoding is wanted, the compiler leaves out what reading takes. */
#ifdef AEC_ENCODER_ONLY
static int reads(const coder *c) { (void)c; return 0; }
#else
static int reads(const coder *c) { return c->message != NULL; }
#endif

static void put_word(coder *c, uint32_t word)
{
    int shift;
    for (shift = 24; shift >= 0; shift -= 8) {
        uint8_t byte = (uint8_t)(word >> shift);
        if (byte) {
            c->length = c->put + 1;
        }
        if (c->put >= c->size) {
            if (byte) {
                c->status = reads(c) ? AEC_DAMAGED : AEC_BUFFER_TOO_SMALL;
            }
        } else if (!reads(c)) {
            c->out[c->put] = byte;
        } else if (c->message[c->put] != byte) {
            c->status = AEC_DAMAGED;
        }
        c->put++;
    }
}

static uint32_t next_word(coder *c)
{
    uint32_t word = 0;
    int n;
    for (n = 0; n < 4; n++, c->taken++) {
        word = word << 8 | (c->taken < c->size ? c->message[c->taken] : 0u);
    }
    return word;
}

static void start_coder(coder *c, const uint8_t *message, uint8_t *out, size_t size)
{
    memset(c, 0, sizeof *c);
    c->message = message;
    c->out = out;
    c->size = size;
    c->range = UINT64_MAX;
    if (reads(c)) {
        c->point = (uint64_t)next_word(c) << 32;
        c->point |= next_word(c);
    }
}

/* A word that was raised, or followed by another than ones, stays as it is. */
static void release(coder *c, uint32_t carry)
{
    if (c->holds) {
        put_word(c, c->held + carry);
    }
    for (; c->waiting; c->waiting--) {
        put_word(c, carry - 1u);
    }
    c->holds = 0;
}

static void add(coder *c, uint64_t distance)
{
    c->low += distance;
    if (c->low < distance) {
        release(c, 1);
    }
}

static void narrow(coder *c, uint32_t cumulative, uint32_t frequency)
{
    uint64_t scale = c->range >> 24, distance = scale * ((uint64_t)cumulative << 8);
    add(c, distance);
    if (reads(c)) {
        c->point -= distance;
    }
    c->range = scale * ((uint64_t)frequency << 8);
    if (c->range >> 32 == 0) {
        uint32_t word = (uint32_t)(c->low >> 32);
        if (word == UINT32_MAX) {
            c->waiting++;
        } else {
            release(c, 0);
            c->held = word;
            c->holds = 1;
        }
        c->low <<= 32;
        c->range <<= 32;
        if (reads(c)) {
            c->point = c->point << 32 | next_word(c);
        }
    }
}

/* The number in the last interval with most zeros at its end. */
static void seal(coder *c)
{
    uint64_t best = 0, zeros = 0xff;
    for (;;) {
        uint64_t distance = (0 - c->low) & zeros;
        if (distance >= c->range) {
            break;
        }
        best = distance;
        if (zeros == UINT64_MAX) {
            break;
        }
        zeros = zeros << 8 | 0xff;
    }
    add(c, best);
    release(c, 0);
    put_word(c, (uint32_t)(c->low >> 32));
    put_word(c, (uint32_t)c->low);
}

/* Where the message points, of 65536. */
static uint32_t quantile(coder *c)
{
    uint64_t found = c->point / (c->range >> 24);
    if (found >> 24) {
        c->status = AEC_DAMAGED;
        return 0;
    }
    return (uint32_t)(found >> 8);
}

/* ---- tables (section 3) ---- */

/* Frequencies of the symbols start .. start + count - 1, then that of the last; all others are 1. */
typedef struct {
    const uint16_t *frequencies;
    uint32_t start, count, last;
} table;

static table row_table(const aec_codec *codec, unsigned row)
{
    const aec_row *found = &codec->rows[row];
    table t;
    t.frequencies = codec->bank + found->at;
    t.start = found->start;
    t.count = found->count;
    t.last = codec->escape;
    return t;
}

static table index_table(const aec_codec *codec)
{
    table t;
    t.frequencies = codec->index;
    t.start = 0;
    t.last = t.count = codec->all_priors - 1u;
    return t;
}

static uint32_t frequency_of(const table *t, uint32_t symbol)
{
    if (symbol == t->last) {
        return t->frequencies[t->count];
    }
    return symbol - t->start < t->count ? t->frequencies[symbol - t->start] : 1u;
}

static uint32_t code_symbol(coder *c, const table *t, uint32_t symbol)
{
    uint32_t found = 0, cumulative = 0, frequency, target = UINT16_MAX;
    if (reads(c)) {
        target = quantile(c);
        symbol = t->last;
    }
    if (symbol >= t->start && target >= t->start) {
        found = cumulative = t->start; /* all before have a frequency of 1 */
    }
    while (frequency = frequency_of(t, found), found != symbol && cumulative + frequency <= target) {
        cumulative += frequency;
        found++;
    }
    narrow(c, cumulative, frequency);
    return found;
}

static uint32_t code_byte(coder *c, uint32_t byte)
{
    if (reads(c)) {
        byte = quantile(c) >> 8;
    }
    narrow(c, byte << 8, 256);
    return byte;
}

/* ---- vectors, and what lies around them (section 4) ---- */

/* The vectors that are coded together, and what is known of them. */
typedef struct {
    const aec_codec *codec;
    int8_t *codes;
    uint32_t planes, rows, columns;
    uint32_t count; /* vectors of the part */
    int distance;   /* of what lies around them, */
    int kind;       /* and how: 0 diagonal, 1 straight; -1: nothing does */
    /* working memory, of the vectors of the part */
    uint16_t *members; /* [count] their places among all */
    uint16_t *priors;  /* [count] which of the codec's */
    int16_t *base;     /* [slice][count] what column 0 stands for */
    uint8_t *row;      /* [slice][count] of the bank */
    uint8_t *column;   /* [slice][count] */
    int32_t *sums;     /* [count][dimension][2] of the context network's outputs, as far as known */
    int16_t *inputs;   /* [count][dimension] in the order of coding */
    uint32_t neighbours[4]; /* of one vector, two pairs */
    int16_t *around; /* [dimension] what they say of it, then [4][64 places, or all] trends */
} part;

/* How far the units and the outputs of the context network have been worked out. */
typedef struct {
    uint32_t units;
    const int8_t *weights, *output_weights;
} progress;

static progress at_the_start(const aec_codec *codec)
{
    progress now;
    now.units = 0;
    now.weights = codec->context ? codec->context->weights : NULL;
    now.output_weights = codec->context ? codec->context->output_weights : NULL;
    return now;
}

static size_t channel_at(const aec_codec *codec, size_t place)
{
    return codec->context ? codec->context->order[place] : place;
}

/* A vector's neighbours, two pairs, if it has any. In the place of one that the picture lacks stands the
 * other of its pair; of a pair that it lacks, the other pair. */
static void find_neighbours(part *p, uint32_t vector)
{
    static const int8_t down[2][4] = {{-1, 1, -1, 1}, {-1, 1, 0, 0}};
    static const int8_t across[2][4] = {{-1, 1, 1, -1}, {0, 0, -1, 1}};
    uint32_t member = p->members[vector], places[4];
    uint32_t column = member % p->columns, row = member / p->columns % p->rows;
    unsigned n, missing = 0;
    if (p->kind < 0) {
        return;
    }
    for (n = 0; n < 4; n++) {
        /* beyond an upper or left border these become huge */
        uint32_t r = row + (uint32_t)(p->distance * down[p->kind][n]);
        uint32_t c = column + (uint32_t)(p->distance * across[p->kind][n]);
        missing |= (unsigned)(r >= p->rows || c >= p->columns) << n;
        places[n] = member + (r - row) * p->columns + c - column;
    }
    for (n = 0; n < 4; n++) {
        unsigned other = 0;
        while (missing >> (n ^ other) & 1u) {
            other++;
        }
        p->neighbours[n] = places[n ^ other];
    }
}

/* How far the code of a vector lies from the centre, at a place of the order. */
static int32_t about_centre(const part *p, uint32_t member, size_t place)
{
    const aec_context *context = p->codec->context;
    size_t channel = context->order[place];
    return p->codes[(size_t)member * p->codec->dimension + channel] - context->around->centre[place];
}

static const int8_t *offsets_of(const part *p, uint32_t vector)
{
    return p->codec->offset + (size_t)p->priors[vector] * p->codec->dimension;
}

static int32_t magnitude(const part *p, uint32_t member, size_t place)
{
    int32_t distance = about_centre(p, member, place);
    return distance < 0 ? -distance : distance;
}

static void look_around(part *p, uint32_t vector)
{
    const aec_codec *codec = p->codec;
    size_t place;
    find_neighbours(p, vector);
    for (place = 0; p->kind >= 0 && place < codec->dimension; place++) {
        int32_t sum = 0;
        unsigned n;
        for (n = 0; n < 4; n++) {
            sum += magnitude(p, p->neighbours[n], place);
        }
        sum = sum * (1 << codec->context->input_shift[place]) / 4;
        p->around[place] = (int16_t)clipped(sum, 0, CEILING);
    }
}

/* ---- the context network (section 4) ---- */

static int32_t unit_of(const part *p, uint32_t vector, size_t unit, const int8_t *weights)
{
    const aec_context *context = p->codec->context;
    size_t dimension = p->codec->dimension, units = context->units;
    int32_t sum = dot(p->inputs + vector * padded(dimension), weights, padded(context->reach[unit]));
    int32_t bias = context->bias[p->priors[vector] * units + unit];
    if (p->kind >= 0) {
        size_t of_kind = (size_t)p->kind * units + unit;
        sum += dot(p->around, context->around->weights + of_kind * dimension, dimension);
        bias += context->around->bias[of_kind];
    }
    return clipped(shifted_right(sum, context->unit_shift[unit]) + bias, 0, CEILING);
}

/* Those units of a vector that see no more than the places before one, added to their outputs. */
static void work_out_units(part *p, uint32_t vector, size_t place, progress *now)
{
    const aec_context *context = p->codec->context;
    size_t dimension = p->codec->dimension;
    int32_t *sums = p->sums + vector * 2 * dimension;
    if (place == 0) {
        memset(sums, 0, 2 * dimension * sizeof *sums);
        memset(p->inputs + vector * padded(dimension), 0, padded(dimension) * sizeof *p->inputs);
    }
    while (now->units < context->units && context->reach[now->units] <= place) {
        size_t reach = context->reach[now->units], outputs = 2 * (dimension - reach);
        int32_t unit = unit_of(p, vector, now->units, now->weights);
        if (unit) { /* most are 0 */
            add_multiple(sums + 2 * reach, now->output_weights, unit, outputs);
        }
        now->weights += reach;
        now->output_weights += outputs;
        now->units++;
    }
}

static int32_t output(const part *p, uint32_t vector, size_t place, unsigned which)
{
    size_t number = 2 * place + which;
    unsigned shift = p->codec->context->output_shift[number];
    int32_t half = (1 << shift) >> 1;
    return shifted_right(p->sums[vector * 2 * (size_t)p->codec->dimension + number] + half, shift);
}

/* How many places trends lead. */
static size_t led_by_trends(const aec_codec *codec)
{
    return codec->dimension < LED ? codec->dimension : LED;
}

static int16_t trend(const part *p, size_t place, int32_t sum)
{
    sum *= 1 << p->codec->context->input_shift[place];
    return (int16_t)clipped(sum, -TREND_CEILING, TREND_CEILING);
}

static int16_t *trends_of(const part *p)
{
    return p->around + p->codec->dimension;
}

/* What a vector's neighbours, if it has any, lead to expect: the sums of both pairs, then their
 * differences. */
static void find_trends(part *p)
{
    size_t led = led_by_trends(p->codec), n;
    int16_t *trends = trends_of(p);
    unsigned which;
    for (which = 0; p->kind >= 0 && which < 4; which++) {
        const uint32_t *pair = p->neighbours + 2 * (which & 1u);
        for (n = 0; n < led; n++) {
            int32_t one = about_centre(p, pair[0], n), other = about_centre(p, pair[1], n);
            *trends++ = trend(p, n, which < 2 ? one + other : one - other);
        }
    }
}

/* By how many eighths of a symbol they move the table of a place. */
static int32_t moved_by_trends(const part *p, size_t place)
{
    const aec_around *around = p->codec->context->around;
    size_t led = led_by_trends(p->codec), number = (size_t)p->kind * led + place;
    unsigned shift = around->slope_shift[number];
    int32_t sum = dot(trends_of(p), around->slope + 4 * led * number, 4 * led);
    return shifted_right(sum + ((1 << shift) >> 1), shift);
}

/* Which row of the bank a place of a vector has, and what its column 0 stands for. */
static unsigned find_row(const part *p, uint32_t vector, size_t place, int32_t *base)
{
    const aec_codec *codec = p->codec;
    size_t channel = channel_at(codec, place);
    unsigned row = codec->table[(size_t)p->priors[vector] * codec->dimension + channel];
    int32_t offset = offsets_of(p, vector)[channel], position, shape;
    *base = codec->first + offset;
    if (!codec->context) {
        return row;
    }
    position = 8 * offset + (int32_t)(row % 8) + output(p, vector, place, 0);
    if (p->kind >= 0 && place < LED) {
        position += moved_by_trends(p, place);
    }
    shape = clipped((int32_t)(row / 8) + output(p, vector, place, 1), 0, codec->shapes - 1);
    *base = clipped(codec->first + shifted_right(position, 3), -FAR, FAR);
    return 8 * (unsigned)shape + ((unsigned)position & 7u);
}

/* The network learns what a vector has at a place. */
static void tell(part *p, uint32_t vector, size_t place)
{
    const aec_codec *codec = p->codec;
    if (codec->context) {
        size_t channel = codec->context->order[place], member = p->members[vector];
        int32_t u = codec->context->around
                        ? magnitude(p, (uint32_t)member, place)
                        : p->codes[member * codec->dimension + channel] - offsets_of(p, vector)[channel];
        u = clipped(u * (1 << codec->context->input_shift[place]), -CEILING, CEILING);
        p->inputs[vector * padded(codec->dimension) + place] = (int16_t)u;
    }
}

static uint8_t column_of(const aec_codec *codec, int32_t code, int32_t base)
{
    int32_t column = code - base;
    return column >= 0 && column < codec->escape ? (uint8_t)column : codec->escape;
}

/* ---- which prior (section 4) ---- */

/* In 1/256 bit. */
static uint32_t symbol_cost(const aec_codec *codec, unsigned row, int32_t code, int32_t base)
{
    const aec_row found = codec->rows[row];
    uint32_t column = (uint32_t)(code - base), among = column - found.start;
    if (among < found.count) {
        return codec->costs[found.at + among];
    }
    return column < codec->escape ? RAREST : codec->costs[found.at + found.count];
}

/* The context network's outputs for a vector whose codes are all known. */
static void work_out(part *p, uint32_t vector, unsigned prior)
{
    progress now = at_the_start(p->codec);
    size_t place;
    p->priors[vector] = (uint16_t)prior;
    look_around(p, vector);
    for (place = 0; place < p->codec->dimension; place++) {
        work_out_units(p, vector, place, &now);
        tell(p, vector, place);
    }
}

static uint32_t cost_with_context(part *p, uint32_t vector, unsigned prior)
{
    const aec_codec *codec = p->codec;
    const int8_t *codes = p->codes + (size_t)p->members[vector] * codec->dimension;
    uint32_t cost = codec->index_costs[prior];
    size_t place;
    work_out(p, vector, prior);
    find_trends(p);
    for (place = 0; place < codec->dimension; place++) {
        int32_t base;
        unsigned row = find_row(p, vector, place, &base);
        cost += symbol_cost(codec, row, codes[codec->context->order[place]], base);
    }
    return cost;
}

/* The cheapest prior without context, and, where it is close, the second one; else the same again. */
static unsigned two_cheapest(const part *p, uint32_t vector, unsigned *next)
{
    const aec_codec *codec = p->codec;
    const int8_t *codes = p->codes + (size_t)p->members[vector] * codec->dimension;
    uint32_t least = UINT32_MAX, second = UINT32_MAX;
    unsigned best = 0, prior;
    *next = 0;
    for (prior = 0; prior < codec->priors; prior++) {
        const uint8_t *rows = codec->table + (size_t)prior * codec->dimension;
        const int8_t *offsets = codec->offset + (size_t)prior * codec->dimension;
        uint32_t cost = codec->index_costs[prior];
        size_t place;
        for (place = 0; place < codec->dimension && cost < second; place++) {
            size_t channel = channel_at(codec, place);
            cost += symbol_cost(codec, rows[channel], codes[channel], codec->first + offsets[channel]);
        }
        if (cost < least) {
            second = least;
            *next = best;
            least = cost;
            best = prior;
        } else if (cost < second) {
            second = cost;
            *next = prior;
        }
    }
    if (second - least >= CLOSE) {
        *next = best;
    }
    return best;
}

/* The cheapest prior without context; where a second one is close, the cheaper with it. The context
 * network's outputs are then known. */
static void choose_prior(part *p, uint32_t vector)
{
    unsigned best = 0, next = 0;
    if (p->codec->priors > 1) {
        best = two_cheapest(p, vector, &next);
    }
    p->priors[vector] = (uint16_t)best;
    if (!p->codec->context) {
        return;
    }
    if (next != best) { /* the likelier one last, so that its outputs stay */
        uint32_t cost = cost_with_context(p, vector, next);
        if (cost_with_context(p, vector, best) <= cost) {
            return;
        }
        best = next;
    }
    work_out(p, vector, best);
}

static void code_prior(part *p, coder *c, uint32_t vector)
{
    const aec_codec *codec = p->codec;
    table t = index_table(codec);
    uint32_t number = code_symbol(c, &t, codec->numbers[p->priors[vector]]);
    if (reads(c)) {
        unsigned prior = 0;
        while (prior < codec->priors && codec->numbers[prior] != number) {
            prior++;
        }
        if (prior == codec->priors) {
            prior = 0;
            if (c->status == AEC_OK) {
                c->status = AEC_OTHER_CODEC;
            }
        }
        p->priors[vector] = (uint16_t)prior;
    }
}

/* ---- parts and slices (section 4) ---- */

static void find_rows(part *p, size_t place, size_t stop)
{
    uint32_t vector;
    for (vector = 0; vector < p->count; vector++) {
        size_t entry = vector, n;
        find_neighbours(p, vector);
        if (place < LED) {
            find_trends(p);
        }
        for (n = place; n < stop; n++, entry += p->count) {
            const int8_t *codes = p->codes + (size_t)p->members[vector] * p->codec->dimension;
            int32_t base;
            p->row[entry] = (uint8_t)find_row(p, vector, n, &base);
            p->base[entry] = (int16_t)base;
            p->column[entry] = column_of(p->codec, codes[channel_at(p->codec, n)], base);
        }
    }
}

/* Row after row of the bank, ascending, those symbols that have it. */
static void code_columns(part *p, coder *c, size_t entries)
{
    unsigned row = 0, next;
    for (; row < 256; row = next) {
        table t = row_table(p->codec, row);
        size_t entry;
        next = 256;
        for (entry = 0; entry < entries; entry++) {
            if (p->row[entry] == row) {
                p->column[entry] = (uint8_t)code_symbol(c, &t, p->column[entry]);
            } else if (p->row[entry] > row && p->row[entry] < next) {
                next = p->row[entry];
            }
        }
    }
}

/* The value of an escaped symbol, high byte first. */
static int32_t code_escaped(coder *c, int32_t code)
{
    uint32_t value = (uint32_t)(code + 32768);
    uint32_t high = code_byte(c, value >> 8);
    return (int32_t)(high << 8 | code_byte(c, value & 0xff)) - 32768;
}

/* What was read becomes a code, if an encoder can have made it. */
static void accept(part *p, coder *c, size_t entry, int8_t *code, size_t channel, int32_t value)
{
    int32_t least = extreme_code(p->codec, -128, channel);
    int32_t most = extreme_code(p->codec, 127, channel);
    int was_escaped = p->column[entry] == p->codec->escape;
    int is_escaped = column_of(p->codec, value, p->base[entry]) == p->codec->escape;
    if (value < least || value > most || was_escaped != is_escaped) {
        c->status = AEC_DAMAGED;
        value = least;
    }
    *code = (int8_t)value;
}

static void code_values(part *p, coder *c, size_t place, size_t stop)
{
    size_t entry = 0;
    uint32_t vector;
    for (; place < stop; place++) {
        size_t channel = channel_at(p->codec, place);
        for (vector = 0; vector < p->count; vector++, entry++) {
            int8_t *code = p->codes + (size_t)p->members[vector] * p->codec->dimension + channel;
            int32_t value = p->base[entry] + p->column[entry];
            if (p->column[entry] == p->codec->escape) {
                value = code_escaped(c, *code);
            }
            if (reads(c)) {
                accept(p, c, entry, code, channel, value);
                tell(p, vector, place);
            }
        }
    }
}

/* The place after the last whose tables are known as soon as that of one is; moves on to the first unit
 * that sees it. */
static size_t slice_end(const aec_codec *codec, size_t place, size_t *unit)
{
    size_t units = codec->context ? codec->context->units : 0;
    while (*unit < units && codec->context->reach[*unit] <= place) {
        ++*unit;
    }
    return *unit < units && codec->context->reach[*unit] < codec->dimension
               ? codec->context->reach[*unit] : codec->dimension;
}

/* The context network's outputs at a place, for all vectors. */
static void work_out_place(part *p, size_t place, progress *now)
{
    progress start = *now;
    uint32_t vector;
    for (vector = 0; vector < p->count; vector++) {
        *now = start;
        look_around(p, vector);
        work_out_units(p, vector, place, now);
    }
}

static void code_part(part *p, coder *c)
{
    const aec_codec *codec = p->codec;
    progress now = at_the_start(codec);
    size_t place = 0, stop, unit = 0;
    uint32_t vector;
    for (vector = 0; vector < p->count && c->status == AEC_OK; vector++) {
        if (reads(c)) {
            p->priors[vector] = 0;
        } else {
            choose_prior(p, vector);
        }
        if (codec->all_priors > 1) {
            code_prior(p, c, vector);
        }
    }
    for (; place < codec->dimension && c->status == AEC_OK; place = stop) {
        stop = slice_end(codec, place, &unit);
        if (reads(c) && codec->context) {
            work_out_place(p, place, &now);
        }
        find_rows(p, place, stop);
        code_columns(p, c, (stop - place) * p->count);
        code_values(p, c, place, stop);
    }
}

static int looks_around(const aec_codec *codec)
{
    return codec->has_reach && codec->context && codec->context->around;
}

static void add_members(part *p, uint32_t row, uint32_t column, uint32_t step)
{
    uint32_t plane, r, c;
    for (plane = 0; plane < p->planes; plane++) {
        for (r = row; r < p->rows; r += step) {
            for (c = column; c < p->columns; c += step) {
                p->members[p->count++] = (uint16_t)((plane * p->rows + r) * p->columns + c);
            }
        }
    }
}

/* What lies around is of a kind, -1 for nothing, at a distance. */
static void code_members(part *p, coder *c, int kind, uint32_t distance)
{
    p->kind = kind;
    p->distance = (int)distance;
    if (p->count && c->status == AEC_OK) {
        code_part(p, c);
    }
    p->count = 0;
}

static void code_all(part *p, coder *c)
{
    uint32_t d = looks_around(p->codec) ? FIRST_DISTANCE : 1;
    add_members(p, 0, 0, d);
    code_members(p, c, -1, 0);
    while (d /= 2, d) {
        add_members(p, d, d, 2 * d);
        code_members(p, c, 0, d);
        add_members(p, 0, d, 2 * d);
        add_members(p, d, 0, 2 * d);
        code_members(p, c, 1, d);
    }
}

/* ---- from the size of a picture to its vectors (section 2) ---- */

typedef struct {
    uint32_t planes, rows, columns, vectors;
} shape;

static uint32_t ceil_divided(uint32_t a, uint32_t b)
{
    return a / b + (a % b != 0);
}

/* vectors is 0 for a picture that is too large. Export refuses codecs with which so many tiles could have
 * more pixels than a file may have. */
static shape shape_of(const aec_codec *codec, const aec_header *header)
{
    uint32_t width = header->width ? header->width : codec->tile_width;
    uint32_t height = header->height ? header->height : codec->tile_height;
    int of_colours = codec->channels == 1 && (header->mode & 1), n;
    uint32_t factors[4];
    shape s;
    s.columns = ceil_divided(ceil_divided(2 * width, header->reduction), codec->tile_width);
    s.rows = ceil_divided(ceil_divided(2 * height, header->reduction), codec->tile_height);
    s.planes = header->frames * (of_colours ? 3u : 1u);
    factors[0] = s.rows;
    factors[1] = s.columns;
    factors[2] = s.planes;
    factors[3] = codec->vectors;
    s.vectors = !codec->has_reach || (s.rows <= 128 && s.columns <= 128);
    for (n = 0; n < 4; n++) { /* no product passes 2^28 */
        s.vectors *= factors[n] <= AEC_MOST_VECTORS ? factors[n] : 0;
        s.vectors = s.vectors <= AEC_MOST_VECTORS ? s.vectors : 0;
    }
    return s;
}

static aec_header header_of(const aec_codec *codec, const aec_picture *picture)
{
    aec_header header;
    memset(&header, 0, sizeof header);
    memcpy(header.id, codec->id, sizeof header.id);
    if (picture->width != codec->tile_width || picture->height != codec->tile_height) {
        header.width = picture->width;
        header.height = picture->height;
    }
    header.mode = (uint8_t)picture->mode;
    header.level = codec->is_default ? 0 : codec->level;
    header.reduction = 2;
    header.frames = 1;
    return header;
}

static shape shape_of_picture(const aec_codec *codec, const aec_picture *picture)
{
    aec_header header = header_of(codec, picture);
    shape s = shape_of(codec, &header);
    if (picture->width - 1u >= MOST_SIDE || picture->height - 1u >= MOST_SIDE) {
        s.vectors = 0;
    }
    return s;
}

size_t aec_vectors(const aec_codec *codec, const aec_picture *picture)
{
    return shape_of_picture(codec, picture).vectors;
}

/* The most vectors of a part. */
static size_t coded_together(const aec_codec *codec, shape s)
{
    size_t of_plane = (size_t)s.rows * s.columns;
    return looks_around(codec) ? s.planes * (of_plane > 1 ? of_plane / 2 : of_plane) : s.vectors;
}

static size_t around_count(const aec_codec *codec)
{
    return looks_around(codec) ? codec->dimension + 4 * led_by_trends(codec) : 0;
}

static size_t work_size_of(const aec_codec *codec, shape s)
{
    size_t of_vector = 4 + 4u * codec->slice, dimension = codec->dimension;
    if (codec->context) {
        of_vector += 2 * dimension * sizeof(int32_t) + padded(dimension) * sizeof(int16_t);
    }
    return s.vectors ? coded_together(codec, s) * of_vector + around_count(codec) * sizeof(int16_t) : 0;
}

size_t aec_work_size(const aec_codec *codec, const aec_picture *picture)
{
    return work_size_of(codec, shape_of_picture(codec, picture));
}

/* A symbol takes 16 bits at most, an escaped one twice as many, and what the coder rounds away less than
 * an eighth of a byte. */
size_t aec_file_bound(const aec_codec *codec, const aec_picture *picture)
{
    return 40 + aec_vectors(codec, picture) * (3 + 4u * codec->dimension + codec->dimension / 8u);
}

static size_t shortest_message(const aec_codec *codec, uint32_t vectors)
{
    return ceil_divided(vectors, codec->has_reach ? 64 : 4);
}

static void lay_out(part *p, const aec_codec *codec, shape s, int8_t *codes, uint32_t *work)
{
    size_t n = coded_together(codec, s);
    memset(p, 0, sizeof *p);
    p->codec = codec;
    p->codes = codes;
    p->planes = s.planes;
    p->rows = s.rows;
    p->columns = s.columns * codec->vectors; /* where a tile has several, none look around */
    p->sums = (int32_t *)work;
    p->members = (uint16_t *)(p->sums + (codec->context ? 2 * n * codec->dimension : 0));
    p->priors = p->members + n;
    p->base = (int16_t *)(p->priors + n);
    p->around = p->base + n * codec->slice;
    p->inputs = p->around + around_count(codec);
    p->row = (uint8_t *)(p->inputs + (codec->context ? n * padded(codec->dimension) : 0));
    p->column = p->row + n * codec->slice;
}

/* ---- files (section 1) ---- */

static size_t put_number(uint8_t *to, uint32_t value)
{
    size_t size = 0;
    for (; value > 0x7f; value >>= 7) {
        to[size++] = (uint8_t)(value | 0x80);
    }
    to[size++] = (uint8_t)value;
    return size;
}

static size_t put_header(uint8_t *to, const aec_header *header)
{
    size_t size = 8;
    to[0] = 0xae;
    to[1] = 0x43;
    to[2] = 1;
    memcpy(to + 3, header->id, sizeof header->id);
    to[7] = header->mode;
    if (header->width) {
        to[7] |= SIZE_FLAG;
        size += put_number(to + size, header->width);
        size += put_number(to + size, header->height);
    }
    if (header->level) {
        to[7] |= LEVEL_FLAG;
        to[size++] = header->level;
    }
    return size;
}

aec_status aec_encode(const aec_codec *codec, const aec_picture *picture, const int8_t *codes,
                      uint32_t *work, size_t work_size, uint8_t *file, size_t capacity, size_t *size)
{
    aec_header header = header_of(codec, picture);
    shape s = shape_of_picture(codec, picture);
    uint8_t head[20];
    size_t start = put_header(head, &header), length;
    uint32_t crc;
    coder c;
    part p;
    int n;
    if (!s.vectors) {
        return AEC_TOO_LARGE;
    }
    if (work_size < work_size_of(codec, s) || capacity < start + 4) {
        return AEC_BUFFER_TOO_SMALL;
    }
    memcpy(file, head, start);
    start_coder(&c, NULL, file + start, capacity - start - 4);
    lay_out(&p, codec, s, (int8_t *)codes, work);
    code_all(&p, &c);
    seal(&c);
    length = shortest_message(codec, s.vectors);
    length = c.length > length ? c.length : length;
    if (c.status == AEC_OK && length > c.size) {
        c.status = AEC_BUFFER_TOO_SMALL;
    }
    if (c.status != AEC_OK) {
        return c.status;
    }
    for (; c.put < length; c.put++) {
        file[start + c.put] = 0;
    }
    length += start;
    crc = crc32(file, length);
    for (n = 0; n < 4; n++, crc >>= 8) {
        file[length++] = (uint8_t)crc;
    }
    *size = length;
    return AEC_OK;
}

#ifndef AEC_ENCODER_ONLY

/* Walks over bytes, and says whether it ran past their end. */
typedef struct {
    const uint8_t *data;
    size_t size, at;
    int is_damaged;
} reader;

static uint8_t take_byte(reader *r)
{
    if (r->at == r->size) {
        r->is_damaged = 1;
        return 0;
    }
    return r->data[r->at++];
}

/* Unsigned LEB128, in its shortest form, below 2^32: no field has more. */
static uint32_t take_number(reader *r)
{
    uint64_t value = 0;
    unsigned shift;
    for (shift = 0; shift < 35; shift += 7) {
        uint8_t byte = take_byte(r);
        value |= (uint64_t)(byte & 0x7fu) << shift;
        if (byte < 0x80) {
            r->is_damaged |= (shift && !byte) || value > UINT32_MAX;
            return (uint32_t)value;
        }
    }
    r->is_damaged = 1;
    return 0;
}

static reader take_block(reader *r)
{
    reader block = {NULL, 0, 0, 0};
    uint32_t size = take_number(r);
    if (size > r->size - r->at) {
        r->is_damaged = 1;
    }
    if (!r->is_damaged) {
        block.data = r->data + r->at;
        block.size = size;
        r->at += size;
    }
    return block;
}

static void skip_metadata(reader *r)
{
    reader entries = take_block(r);
    unsigned seen = 0;
    r->is_damaged |= entries.size == 0;
    while (entries.at < entries.size && !r->is_damaged) {
        uint8_t kind = take_byte(&entries);
        take_block(&entries);
        r->is_damaged |= entries.is_damaged || kind < 1 || kind > 3 || (seen >> kind & 1u);
        seen |= 1u << (kind & 3u);
    }
}

static int within_limits(const aec_header *header)
{
    uint32_t most = header->reduction == 2 ? MOST_PIXELS : MOST_REDUCED_PIXELS;
    uint64_t pixels = (header->width ? header->width : 1u);
    pixels *= (header->height ? header->height : 1u);
    return header->width <= MOST_SIDE && header->height <= MOST_SIDE && header->frames >= 1 &&
           header->frames <= MOST_FRAMES && pixels <= most / header->frames &&
           header->reduction >= 2 && header->reduction <= 64 &&
           (header->level == 0 || header->level >= 16);
}

aec_status aec_read_header(const uint8_t *file, size_t size, aec_header *header)
{
    reader r = {file, size - 4, 8, 0};
    uint32_t crc = 0;
    uint8_t flags;
    int n;
    memset(header, 0, sizeof *header);
    if (size < SHORTEST_FILE || file[0] != 0xae || file[1] != 0x43) {
        return AEC_DAMAGED;
    }
    for (n = 1; n <= 4; n++) {
        crc = crc << 8 | file[size - (size_t)n];
    }
    flags = file[7];
    if (crc != crc32(file, size - 4) || file[2] != 1 || (flags & RESERVED_FLAG)) {
        return AEC_DAMAGED;
    }
    memcpy(header->id, file + 3, sizeof header->id);
    header->mode = flags & 3u;
    header->frames = 1;
    header->reduction = 2;
    if (flags & SIZE_FLAG) {
        header->width = take_number(&r);
        header->height = take_number(&r);
        r.is_damaged |= !header->width || !header->height;
    }
    if (flags & LEVEL_FLAG) {
        header->level = take_byte(&r);
        r.is_damaged |= !header->level;
    }
    if (flags & FRAMES_FLAG) {
        header->frames = take_number(&r);
        r.is_damaged |= header->frames == 1;
    }
    if (flags & REDUCTION_FLAG) {
        header->reduction = take_byte(&r);
        r.is_damaged |= header->reduction <= 2;
    }
    if (flags & METADATA_FLAG) {
        skip_metadata(&r);
    }
    if (header->mode & 2) {
        take_block(&r);
    }
    header->payload = file + r.at;
    header->payload_size = r.size - r.at;
    return r.is_damaged || !within_limits(header) ? AEC_DAMAGED : AEC_OK;
}

/* A message holds what an encoder writes for these codes, and nothing else. */
static aec_status end_of_message(coder *c, size_t shortest)
{
    size_t n;
    seal(c);
    for (n = c->put; n < c->size; n++) {
        if (c->message[n]) {
            c->status = AEC_DAMAGED;
        }
    }
    if (c->status == AEC_OK && c->size != (c->length > shortest ? c->length : shortest)) {
        c->status = AEC_DAMAGED;
    }
    return c->status;
}

aec_status aec_decode(const aec_codec *codec, const uint8_t *file, size_t size, uint32_t *work,
                      size_t work_size, int8_t *codes, size_t capacity, size_t *vectors)
{
    aec_header header;
    aec_status status = aec_read_header(file, size, &header);
    size_t shortest;
    coder c;
    part p;
    shape s;
    if (status != AEC_OK) {
        return status;
    }
    if (memcmp(header.id, codec->id, sizeof header.id) != 0) {
        return AEC_OTHER_CODEC;
    }
    if (header.level ? header.level != codec->level : !codec->is_default) {
        return AEC_OTHER_LEVEL;
    }
    s = shape_of(codec, &header);
    shortest = shortest_message(codec, s.vectors);
    if (!s.vectors) {
        return AEC_TOO_LARGE;
    }
    if (header.payload_size < shortest) {
        return AEC_DAMAGED;
    }
    if (work_size < work_size_of(codec, s) || capacity / codec->dimension < s.vectors) {
        return AEC_BUFFER_TOO_SMALL;
    }
    memset(codes, 0, (size_t)s.vectors * codec->dimension);
    start_coder(&c, header.payload, NULL, header.payload_size);
    lay_out(&p, codec, s, codes, work);
    code_all(&p, &c);
    *vectors = s.vectors;
    return c.status == AEC_OK ? end_of_message(&c, shortest) : c.status;
}

#endif
