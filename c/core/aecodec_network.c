/* SPDX-License-Identifier: Apache-2.0 */
/* Network plans: what is checked when one is opened, where its tensors lie, and how it runs. */
#include "aecodec_network.h"

#include <string.h>

#include "aecodec_operator_table.h"

/* ---- the plan (docs/PLAN.md) ---- */

enum {
    MAGIC = 0x4e434541, /* "AECN" */
    VERSION = 1,
    /* words of the head */
    HEAD_MAGIC = 0,
    HEAD_VERSION,
    HEAD_SIZE,
    HEAD_TENSORS,
    HEAD_OPERATORS,
    HEAD_SLOTS,
    HEAD_ROWS,
    HEAD_COLUMNS,
    HEAD_ROW_UNIT,
    HEAD_COLUMN_UNIT,
    HEAD_INPUT,
    HEAD_OUTPUT,
    HEAD_WORDS = 16,
    /* words of a tensor */
    TENSOR_PLACE = 0,
    TENSOR_OFFSET,
    TENSOR_CHANNELS,
    TENSOR_ROWS,
    TENSOR_MORE_ROWS,
    TENSOR_COLUMNS,
    TENSOR_MORE_COLUMNS,
    TENSOR_WORDS = 8,
    OPERATOR_WORDS = 16,
    /* places of tensors that are in no slot */
    AT_INPUT = 0x10000,
    AT_OUTPUT,
    AT_CONSTANT,
    MOST = 1 << 12, /* tensors, operators or slots */
    MAX_SIDE = 1 << 20,
    MAX_CHANNELS = 1 << 18,
    MAX_BYTES = 1 << 30,
    ALIGNMENT = 16 /* of slots */
};

/* A run, or, without memory, what it would need. */
typedef struct {
    const uint32_t *plan;
    uint32_t pictures, rows, columns;
    const int8_t *input;
    int8_t *output;
    uint32_t *slots; /* where each slot begins after the first */
    uint8_t *memory; /* of the first slot */
} run_state;

static const uint32_t *tensor_of(const uint32_t *plan, uint32_t tensor)
{
    return plan + HEAD_WORDS + (size_t)tensor * TENSOR_WORDS;
}

static const uint32_t *operator_of(const uint32_t *plan, uint32_t number)
{
    return tensor_of(plan, plan[HEAD_TENSORS]) + (size_t)number * OPERATOR_WORDS;
}

static uint32_t place_of(const uint32_t *plan, uint32_t tensor)
{
    return tensor_of(plan, tensor)[TENSOR_PLACE];
}

static void read_operator(const uint32_t *plan, uint32_t number, aecodec_call *call)
{
    const uint32_t *words = operator_of(plan, number);
    call->plan = plan;
    call->kind = words[0];
    call->parameters = words + 4;
    call->writes = words[3];
    call->count = 0;
    for (uint32_t n = 0; n < AECODEC_MOST_INPUTS; n++) {
        call->reads[n] = words[1 + n / 2] >> n % 2 * 16 & 0xffff;
        if (call->reads[n] != 0xffff && call->count == n) {
            call->count++;
        }
    }
}

/* ---- shapes ---- */

/* A side of a tensor: the input's side, times a fraction, and some more. Returns 0 if it is no side. */
static uint32_t side_of(uint32_t side, uint32_t fraction, uint32_t more)
{
    const uint32_t times = fraction & 0xffff, by = fraction >> 16;
    const int64_t whole = (int64_t)side * times;
    const int64_t scaled = by && whole % by == 0 ? whole / by + (int32_t)more : 0;
    return scaled > 0 && scaled <= MAX_SIDE ? (uint32_t)scaled : 0;
}

/* The shape of a tensor. Returns 0 if it is none. */
static int shape_of(const uint32_t *plan, uint32_t tensor, uint32_t rows, uint32_t columns,
                    aecodec_shape *shape)
{
    const uint32_t *words = tensor_of(plan, tensor);
    shape->rows = side_of(rows, words[TENSOR_ROWS], words[TENSOR_MORE_ROWS]);
    shape->columns = side_of(columns, words[TENSOR_COLUMNS], words[TENSOR_MORE_COLUMNS]);
    shape->channels = words[TENSOR_CHANNELS];
    return shape->rows && shape->columns && shape->channels && shape->channels <= MAX_CHANNELS &&
           (uint64_t)shape->rows * shape->columns <= MAX_BYTES / shape->channels;
}

/* Fill in the shapes that an operator sees. Returns 0 if one is no shape. */
static int read_shapes(const run_state *run, aecodec_call *call)
{
    call->pictures = run->pictures;
    for (uint32_t n = 0; n < call->count; n++) {
        call->is_in_place[n] = place_of(run->plan, call->reads[n]) == place_of(run->plan, call->writes);
        call->is_constant[n] = place_of(run->plan, call->reads[n]) == AT_CONSTANT;
        if (!shape_of(run->plan, call->reads[n], run->rows, run->columns, &call->in[n])) {
            return 0;
        }
    }
    return shape_of(run->plan, call->writes, run->rows, run->columns, &call->out);
}

/* ---- what is checked when a plan is opened ---- */

static int head_is_sound(const uint32_t *plan, size_t size)
{
    uint64_t words = HEAD_WORDS;
    if (size < HEAD_WORDS * 4 || plan[HEAD_MAGIC] != MAGIC || plan[HEAD_VERSION] != VERSION ||
        plan[HEAD_SIZE] != size || plan[HEAD_TENSORS] > MOST || plan[HEAD_OPERATORS] > MOST ||
        plan[HEAD_SLOTS] > MOST || !plan[HEAD_ROW_UNIT] || !plan[HEAD_COLUMN_UNIT]) {
        return 0;
    }
    words += plan[HEAD_TENSORS] * (uint64_t)TENSOR_WORDS + plan[HEAD_OPERATORS] * (uint64_t)OPERATOR_WORDS;
    return words <= size / 4 && plan[HEAD_INPUT] < plan[HEAD_TENSORS] &&
           plan[HEAD_OUTPUT] < plan[HEAD_TENSORS] && place_of(plan, plan[HEAD_INPUT]) == AT_INPUT &&
           place_of(plan, plan[HEAD_OUTPUT]) == AT_OUTPUT;
}

/* A tensor lies in a slot, in the input, in the output, or is a constant within the plan. */
static int tensor_is_sound(const uint32_t *plan, uint32_t tensor)
{
    const uint32_t *words = tensor_of(plan, tensor), place = words[TENSOR_PLACE];
    aecodec_shape shape;
    if (place == AT_CONSTANT) {
        return !(words[TENSOR_ROWS] & 0xffff) && !(words[TENSOR_COLUMNS] & 0xffff) &&
               shape_of(plan, tensor, 1, 1, &shape) &&
               aecodec_plan_holds(plan, words[TENSOR_OFFSET], aecodec_count(&shape));
    }
    if (place == AT_INPUT || place == AT_OUTPUT) {
        return tensor == plan[place == AT_INPUT ? HEAD_INPUT : HEAD_OUTPUT];
    }
    return place < plan[HEAD_SLOTS];
}

/* Whether a tensor is what its place holds before an operator: the last that was written there. */
static int is_there(const uint32_t *plan, uint32_t tensor, uint32_t number)
{
    const uint32_t place = place_of(plan, tensor);
    if (place == AT_INPUT || place == AT_CONSTANT) {
        return 1;
    }
    while (number-- > 0) {
        const uint32_t written = operator_of(plan, number)[3];
        if (place_of(plan, written) == place) {
            return written == tensor;
        }
    }
    return 0;
}

/* An operator reads what is there, and writes elsewhere unless it works in place. */
static int order_is_sound(const uint32_t *plan, const aecodec_call *call, uint32_t number)
{
    const uint32_t place = place_of(plan, call->writes);
    if (place == AT_INPUT || place == AT_CONSTANT) {
        return 0;
    }
    for (uint32_t n = 0; n < call->count; n++) {
        if (!is_there(plan, call->reads[n], number) ||
            (place_of(plan, call->reads[n]) == place && !aecodec_works_in_place(call->kind))) {
            return 0;
        }
    }
    return 1;
}

static int operator_is_sound(const uint32_t *plan, uint32_t number)
{
    aecodec_call call;
    read_operator(plan, number, &call);
    if (call.writes >= plan[HEAD_TENSORS]) {
        return 0;
    }
    for (uint32_t n = 0; n < call.count; n++) {
        if (call.reads[n] >= plan[HEAD_TENSORS]) {
            return 0;
        }
        call.in[n].channels = tensor_of(plan, call.reads[n])[TENSOR_CHANNELS];
    }
    call.out.channels = tensor_of(plan, call.writes)[TENSOR_CHANNELS];
    return order_is_sound(plan, &call, number) && aecodec_parameters_are_sound(&call);
}

static int plan_is_sound(const uint32_t *plan)
{
    for (uint32_t n = 0; n < plan[HEAD_TENSORS]; n++) {
        const uint32_t channels = tensor_of(plan, n)[TENSOR_CHANNELS];
        if (!tensor_is_sound(plan, n) || !channels || channels > MAX_CHANNELS) {
            return 0;
        }
    }
    for (uint32_t n = 0; n < plan[HEAD_OPERATORS]; n++) {
        if (!operator_is_sound(plan, n)) {
            return 0;
        }
    }
    return is_there(plan, plan[HEAD_OUTPUT], plan[HEAD_OPERATORS]);
}

/* ---- what is checked for a size, and the memory that it takes ---- */

/* Bytes of a slot: those of the largest tensor in it, for all pictures; 0 if a tensor has no shape. */
static uint64_t slot_size(const run_state *run, uint32_t slot)
{
    uint64_t largest = 1;
    for (uint32_t n = 0; n < run->plan[HEAD_TENSORS]; n++) {
        aecodec_shape shape;
        if (place_of(run->plan, n) == slot) {
            if (!shape_of(run->plan, n, run->rows, run->columns, &shape)) {
                return 0;
            }
            largest = aecodec_count(&shape) > largest ? aecodec_count(&shape) : largest;
        }
    }
    return (largest * run->pictures + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Bytes of all slots, and where each begins if the run has room to note it; 0 if they are too large. */
static uint64_t slots_size(const run_state *run)
{
    uint64_t size = ALIGNMENT;
    for (uint32_t slot = 0; slot < run->plan[HEAD_SLOTS]; slot++) {
        const uint64_t more = slot_size(run, slot);
        if (!more || size > UINT32_MAX) {
            return 0;
        }
        if (run->slots) {
            run->slots[slot] = (uint32_t)(size - ALIGNMENT);
        }
        size += more;
    }
    return size;
}

/* Most bytes that an operator needs beside its tensors; UINT64_MAX if one does not take its shapes. */
static uint64_t scratch_size(const run_state *run, const aecodec_kernels *kernels)
{
    uint64_t most = 0;
    for (uint32_t n = 0; n < run->plan[HEAD_OPERATORS]; n++) {
        aecodec_call call;
        read_operator(run->plan, n, &call);
        if (!read_shapes(run, &call) || !aecodec_shapes_fit(&call)) {
            return UINT64_MAX;
        }
        uint64_t size = aecodec_scratch_size(kernels, &call);
        most = size > most ? size : most;
    }
    return most;
}

static int size_is_taken(const uint32_t *plan, uint32_t rows, uint32_t columns)
{
    return rows > 0 && columns > 0 && rows <= MAX_SIDE && columns <= MAX_SIDE &&
           (!plan[HEAD_ROWS] || rows == plan[HEAD_ROWS]) &&
           (!plan[HEAD_COLUMNS] || columns == plan[HEAD_COLUMNS]) && rows % plan[HEAD_ROW_UNIT] == 0 &&
           columns % plan[HEAD_COLUMN_UNIT] == 0;
}

static size_t table_size(const uint32_t *plan)
{
    return (plan[HEAD_SLOTS] * sizeof(uint32_t) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* ---- the interface ---- */

aecodec_status aecodec_network_open(aecodec_network *network, const void *plan, size_t size)
{
    const uint32_t *words = plan;
    if ((uintptr_t)plan % sizeof(uint32_t) || !head_is_sound(words, size) || !plan_is_sound(words)) {
        return AECODEC_BAD_NETWORK;
    }
    network->plan = words;
    network->kernels = aecodec_best_kernels();
    return AECODEC_OK;
}

void aecodec_network_input(const aecodec_network *network, uint32_t shape[3])
{
    shape[0] = network->plan[HEAD_ROWS];
    shape[1] = network->plan[HEAD_COLUMNS];
    shape[2] = tensor_of(network->plan, network->plan[HEAD_INPUT])[TENSOR_CHANNELS];
}

aecodec_status aecodec_network_output(const aecodec_network *network, uint32_t rows, uint32_t columns,
                                      uint32_t shape[3])
{
    aecodec_shape output;
    if (!size_is_taken(network->plan, rows, columns) ||
        !shape_of(network->plan, network->plan[HEAD_OUTPUT], rows, columns, &output)) {
        return AECODEC_OTHER_SIZE;
    }
    shape[0] = output.rows;
    shape[1] = output.columns;
    shape[2] = output.channels;
    return AECODEC_OK;
}

size_t aecodec_network_batch_work_size(const aecodec_network *network, uint32_t pictures, uint32_t rows,
                                       uint32_t columns)
{
    const run_state run = {network->plan, pictures, rows, columns, NULL, NULL, NULL, NULL};
    aecodec_shape input;
    if (!pictures || !size_is_taken(run.plan, rows, columns) ||
        !shape_of(run.plan, run.plan[HEAD_INPUT], rows, columns, &input) || input.rows != rows ||
        input.columns != columns) {
        return 0;
    }
    uint64_t slots = slots_size(&run);
    uint64_t scratch = scratch_size(&run, network->kernels);
    if (!slots || slots > MAX_BYTES || scratch > MAX_BYTES) {
        return 0;
    }
    return ALIGNMENT - 1 + table_size(run.plan) + (size_t)(slots - ALIGNMENT) + (size_t)scratch;
}

static int8_t *tensor_at(const run_state *run, uint32_t tensor)
{
    const uint32_t place = place_of(run->plan, tensor);
    if (place == AT_INPUT) {
        return (int8_t *)(uintptr_t)run->input;
    }
    if (place == AT_CONSTANT) {
        return (int8_t *)(uintptr_t)run->plan + tensor_of(run->plan, tensor)[TENSOR_OFFSET];
    }
    return place == AT_OUTPUT ? run->output : (int8_t *)run->memory + run->slots[place];
}

static void run_operator(const run_state *run, const aecodec_kernels *kernels, uint32_t number, void *scratch)
{
    aecodec_call call;
    read_operator(run->plan, number, &call);
    read_shapes(run, &call);
    for (uint32_t n = 0; n < call.count; n++) {
        call.from[n] = tensor_at(run, call.reads[n]);
    }
    call.to = tensor_at(run, call.writes);
    call.scratch = scratch;
    aecodec_run_operator(kernels, &call);
}

/* Lay out the working memory: a table, the slots, and what is left. Returns the latter. */
static void *lay_out(run_state *run, void *work)
{
    uint8_t *start = (uint8_t *)work + (ALIGNMENT - (uintptr_t)work % ALIGNMENT) % ALIGNMENT;
    run->slots = (uint32_t *)(void *)start;
    run->memory = start + table_size(run->plan);
    return run->memory + (slots_size(run) - ALIGNMENT);
}

aecodec_status aecodec_network_run_batch(const aecodec_network *network, uint32_t pictures, uint32_t rows,
                                         uint32_t columns, const int8_t *input, int8_t *output, void *work,
                                         size_t work_size)
{
    const size_t needed = aecodec_network_batch_work_size(network, pictures, rows, columns);
    run_state run = {network->plan, pictures, rows, columns, input, output, NULL, NULL};
    if (!needed || work_size < needed) {
        return needed ? AECODEC_BUFFER_TOO_SMALL : AECODEC_OTHER_SIZE;
    }
    void *scratch = lay_out(&run, work);
    for (uint32_t n = 0; n < run.plan[HEAD_OPERATORS]; n++) {
        run_operator(&run, network->kernels, n, scratch);
    }
    return AECODEC_OK;
}

size_t aecodec_network_work_size(const aecodec_network *network, uint32_t rows, uint32_t columns)
{
    return aecodec_network_batch_work_size(network, 1, rows, columns);
}

aecodec_status aecodec_network_run(const aecodec_network *network, uint32_t rows, uint32_t columns,
                                   const int8_t *input, int8_t *output, void *work, size_t work_size)
{
    return aecodec_network_run_batch(network, 1, rows, columns, input, output, work, work_size);
}
