/* SPDX-License-Identifier: Apache-2.0 */
/* Binary decisions: probabilities that tables learn, and their mixture (FORMAT, section 8). Private. */
#pragma once

#include "adaptive/adaptive_numbers.h"
#include "aecodec_range_coder.h"

enum {
    COPY_CONTEXTS = 1 << 11,
    COPY_MEMORY = 255, MEMORY = 200,  /* observations that a probability remembers */
    TABLES = 4,
    TABLE_SIZE = 24576,               /* contexts times 8 decisions, at most */
    MIXERS = 4 * 64,
    LOGITS = 4096,
    PROBABILITY_BITS = 22,
    FIRST_TRUST = 45875, OTHER_TRUST = 6000 /* weights of the distribution and of tables at first, in 2^-16 */
};

/* A probability in 2^-22, and in the lowest 10 bits how often it learned. */
typedef uint32_t adaptive_probability;

typedef struct {
    int16_t logits[LOGITS];          /* of probabilities in 2^-12, in 2^-8 */
    uint16_t probabilities[LOGITS];  /* of logits from -2048 in 2^-8, in 2^-16 */
    uint16_t rates[256];             /* 2^16 / (n + 1.5) */
} adaptive_logistic;

typedef struct {
    adaptive_probability copies[2][COPY_CONTEXTS], tables[TABLES][TABLE_SIZE];
    int32_t mixers[MIXERS][TABLES + 1]; /* 2^-16 */
} adaptive_decisions;

static inline void open_logistic(adaptive_logistic *l)
{
    /* 65536 / (1 + e^-x) for x from -8 to 8 */
    static const uint16_t sigmoid[33] = {22,    36,    60,    98,    162,   267,   439,   720,   1179,
                                         1921,  3108,  4971,  7812,  11955, 17625, 24743, 32768, 40793,
                                         47911, 53581, 57724, 60565, 62428, 63615, 64357, 64816, 65097,
                                         65269, 65374, 65438, 65476, 65500, 65514};
    int32_t logit = 0;
    for (int32_t n = 0; n < LOGITS; n++) {
        const int32_t near = sigmoid[n >> 7], far = sigmoid[(n >> 7) + 1];
        l->probabilities[n] = (uint16_t)(near + (((far - near) * (n & 127)) >> 7));
    }
    for (int32_t n = 0; n < LOGITS; n++) {
        while (logit < LOGITS - 1 && l->probabilities[logit] < 16 * n + 8) {
            logit++;
        }
        l->logits[n] = (int16_t)(logit - LOGITS / 2);
    }
    for (int32_t n = 0; n < 256; n++) {
        l->rates[n] = (uint16_t)((2 << 16) / (2 * n + 3));
    }
}

static inline void open_decisions(adaptive_decisions *d)
{
    memset(d->tables, 0, sizeof d->tables);
    for (size_t n = 0; n < COPY_CONTEXTS; n++) {
        d->copies[0][n] = d->copies[1][n] = 83886u << 10 | 2; /* 0.02 */
    }
    for (size_t n = 0; n < MIXERS; n++) {
        d->mixers[n][0] = FIRST_TRUST;
        for (size_t table = 1; table <= TABLES; table++) {
            d->mixers[n][table] = OTHER_TRUST;
        }
    }
}

/* Code a bit whose probability of being 1 is given in 2^-16. */
AECODEC_INLINE int code_bit(range_coder *c, uint32_t probability, int bit)
{
    const uint64_t split = (c->range >> 16) * probability;
    bit = is_decoder(c) ? c->point < split : bit;
    if (bit) {
        c->range = split;
    } else {
        c->range -= split;
        pass_over(c, split);
    }
    refill(c);
    return bit;
}

AECODEC_INLINE void learn_bit(const adaptive_logistic *l, adaptive_probability *p, int bit, uint32_t memory)
{
    const uint32_t count = *p & 1023;
    const int32_t now = (int32_t)(*p >> 10), goal = bit ? (1 << PROBABILITY_BITS) - 1 : 0;
    const int32_t next = now + (int32_t)(((int64_t)(goal - now) * l->rates[count]) >> 16);
    *p = (uint32_t)next << 10 | (count < memory ? count + 1 : count);
}

/* Code a bit by a mixture of the probability that the distribution gives, in 2^-16, and those of tables. */
static inline int mix_bit(range_coder *c, const adaptive_logistic *l, uint32_t probability,
                          adaptive_probability *const entries[TABLES], int32_t mixer[TABLES + 1], int bit)
{
    int32_t logits[TABLES + 1], error, n;
    probability = (uint32_t)clip32((int32_t)probability, 16, 65519);
    logits[0] = l->logits[probability >> 4];
    int64_t sum = (int64_t)mixer[0] * logits[0];
    for (n = 0; n < TABLES; n++) {
        if (!(*entries[n] & 1023)) { /* a new context believes the distribution */
            *entries[n] = probability << 16 | 1;
        }
        logits[n + 1] = l->logits[clip32((int32_t)(*entries[n] >> 20), 2, LOGITS - 3)];
        sum += (int64_t)mixer[n + 1] * logits[n + 1];
    }
    probability = l->probabilities[clip(sum >> 16, 1 - LOGITS / 2, LOGITS / 2 - 1) + LOGITS / 2];
    bit = code_bit(c, probability, bit);
    error = (bit << 16) - (int32_t)probability;
    for (n = 0; n <= TABLES; n++) {
        mixer[n] = clip32(mixer[n] + ((error * logits[n] + (1 << 14)) >> 15), -(1 << 24), 1 << 24);
    }
    for (n = 0; n < TABLES; n++) {
        learn_bit(l, entries[n], bit, MEMORY);
    }
    return bit;
}
