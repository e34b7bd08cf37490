/* SPDX-License-Identifier: Apache-2.0 */
/* Target: open any plan of a network, and run what opens, in exactly the memory that it asks for; with all
 * kernels that this machine has, which must agree. An input is rows, columns, and a plan; the beginning of the
 * plan and its size are made right, as they would refuse most. */
#include "aecodec_kernels.h"
#include "aecodec_network.h"
#include "target.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

enum { HEAD = 2, MOST_SIDE = 12, MOST_SIZE = 1 << 13, MOST_WORK = 1 << 20, BEGINNING = 12 };

static uint32_t *plan_of(const uint8_t *data, size_t size)
{
    static const uint8_t magic[8] = {'A', 'E', 'C', 'N', 1};
    uint32_t *plan = exactly(size);
    memcpy(plan, data, size);
    if (size >= BEGINNING) {
        memcpy(plan, magic, sizeof magic);
        plan[2] = (uint32_t)size;
    }
    return plan;
}

static size_t count_of(const uint32_t shape[3])
{
    return (size_t)shape[0] * shape[1] * shape[2];
}

/* The output for inputs that count up, or NULL where it would be large. */
static int8_t *run(const aecodec_network *network, const uint32_t in[3], const uint32_t out[3])
{
    const size_t size = aecodec_network_work_size(network, in[0], in[1]), count = count_of(in);
    int8_t *input, *output;
    void *work;
    if (!size || size > MOST_WORK || count > MOST_SIZE || count_of(out) > MOST_SIZE) {
        return NULL;
    }
    input = exactly(count), output = exactly(count_of(out)), work = exactly(size);
    for (size_t n = 0; n < count; n++) {
        input[n] = (int8_t)(n * 37 % 256 - 128);
    }
    require(aecodec_network_run(network, in[0], in[1], input, output, work, size) == AECODEC_OK);
    require(aecodec_network_run(network, in[0], in[1], input, output, work, size - 1) == AECODEC_BUFFER_TOO_SMALL);
    free(input);
    free(work);
    return output;
}

static void run_on_all_kernels(aecodec_network *network, uint32_t rows, uint32_t columns)
{
    uint32_t in[3], out[3];
    aecodec_network_input(network, in);
    in[0] = in[0] ? in[0] : rows;
    in[1] = in[1] ? in[1] : columns;
    if (aecodec_network_output(network, in[0], in[1], out) != AECODEC_OK) {
        return;
    }
    int8_t *best = run(network, in, out);
    network->kernels = &aecodec_portable_kernels;
    int8_t *plain = run(network, in, out);
    require(!best || !plain || memcmp(best, plain, count_of(out)) == 0);
    free(best);
    free(plain);
}

static uint32_t word_at(const uint8_t *data, size_t word)
{
    uint32_t value;
    memcpy(&value, data + HEAD + 4 * word, sizeof value);
    return value;
}

/* The next number, which is never 0: xorshift, G. Marsaglia. */
static uint32_t next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* A word that looks like a size, a step or an offset, and not like four weights, if a few tries find one. */
static size_t word_to_change(const uint8_t *data, size_t words, uint32_t *state)
{
    size_t word = 0;
    for (unsigned tries = 0; tries < 8; tries++) {
        word = next(state) % words;
        if (word_at(data, word) + MOST_SIZE < 2 * MOST_SIZE) {
            break;
        }
    }
    return word;
}

/* Another value of a word: numbers near it, as a word and as two halves, its negative, and others. */
static uint32_t another(uint32_t word, uint32_t *state)
{
    const uint32_t few = 1 + next(state) % 16, drawn = next(state);
    const uint32_t values[] = {word + few, word - few, word + (few << 16), word - (few << 16),
                               0 - word,   0 - few,    0x7fffffffu + few,  word ^ 1u << drawn % 32};
    return values[next(state) % (sizeof values / sizeof *values)];
}

/* Every other time, whole words of the plan are changed, as plans are made of words: changes of single bytes
 * seldom make a small number negative. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    const size_t words = size < HEAD ? 0 : (size - HEAD) / 4;
    uint32_t state = seed | 1;
    if (next(&state) % 2 || !words) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    for (uint32_t changes = 1 + next(&state) % 3; changes > 0; changes--) {
        const size_t word = word_to_change(data, words, &state);
        const uint32_t value = another(word_at(data, word), &state);
        memcpy(data + HEAD + 4 * word, &value, sizeof value);
    }
    return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    aecodec_network network;
    if (size < HEAD) {
        return 0;
    }
    uint32_t *plan = plan_of(data + HEAD, size - HEAD);
    if (aecodec_network_open(&network, plan, size - HEAD) == AECODEC_OK) {
        run_on_all_kernels(&network, 1 + data[0] % MOST_SIDE, 1 + data[1] % MOST_SIDE);
    }
    free(plan);
    return 0;
}
