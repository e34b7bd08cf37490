/* SPDX-License-Identifier: Apache-2.0 */
/* The engine of the Python package, aecodec.engine.core: the networks and the entropy coder of one codec.
 *
 * A codec is a bundle in memory (docs/BUNDLE.md) with the sections that its caller needs. Functions return a status
 * first; aecodec.engine.c turns it into an exception. Arrays come as buffers, so nothing is copied, and other Python
 * threads run while a function works. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdlib.h>
#include <string.h>

#include "private.h"

enum {
    IDLE = 4,
    MOST_IDLE_BYTES = 64 << 20,
    BATCH = 24 /* pictures that a network takes at once */
};

static const char capsule_name[] = "aecodec_codec";

/* Working memory that is kept for the next call: the system clears new pages, which takes longer than a digit. Only
 * threads that hold Python's lock take and return it. */
typedef struct {
    void *memory;
    size_t size;
} scratch;

typedef struct {
    aecodec_bundle *bundle;
    void *allocated;
    scratch idle[IDLE];
} codec;

static void scratch_return(codec *c, scratch s)
{
    int n;
    for (n = 0; n < IDLE && s.memory && s.size <= MOST_IDLE_BYTES; n++) {
        if (!c->idle[n].memory) {
            c->idle[n] = s;
            return;
        }
    }
    free(s.memory);
}

static scratch scratch_take(codec *c, size_t size)
{
    scratch s;
    int n;
    for (n = 0; n < IDLE; n++) {
        if (c->idle[n].size >= size) {
            s = c->idle[n];
            memset(&c->idle[n], 0, sizeof s);
            return s;
        }
    }
    s.size = size;
    s.memory = malloc(size + 1);
    return s;
}

static void free_codec(codec *c)
{
    int n;
    for (n = 0; c && n < IDLE; n++) {
        free(c->idle[n].memory);
    }
    if (c) {
        aecodec_bundle_close(c->bundle);
        free(c->allocated);
    }
    free(c);
}

static void close_codec(PyObject *capsule)
{
    free_codec(PyCapsule_GetPointer(capsule, capsule_name));
}

/* Copy a bundle to an address that is a multiple of ALIGNMENT, and open it. */
static aecodec_status open_copy(codec *c, const Py_buffer *content)
{
    uint8_t *start;
    c->allocated = malloc((size_t)content->len + ALIGNMENT);
    if (!c->allocated) {
        return AECODEC_NO_MEMORY;
    }
    start = (uint8_t *)c->allocated + (ALIGNMENT - (uintptr_t)c->allocated % ALIGNMENT);
    memcpy(start, content->buf, (size_t)content->len);
    return aecodec_bundle_from_memory(start, (size_t)content->len, &c->bundle);
}

/* open(bundle) -> (status, codec) */
static PyObject *open_codec(PyObject *module, PyObject *arguments)
{
    Py_buffer content;
    PyObject *capsule = NULL;
    codec *c;
    aecodec_status status;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*", &content)) {
        return NULL;
    }
    c = calloc(1, sizeof *c);
    status = c ? open_copy(c, &content) : AECODEC_NO_MEMORY;
    PyBuffer_Release(&content);
    if (status == AECODEC_OK) {
        capsule = PyCapsule_New(c, capsule_name, close_codec);
    }
    if (capsule) {
        return Py_BuildValue("(iN)", 0, capsule);
    }
    free_codec(c);
    return status == AECODEC_OK ? NULL : Py_BuildValue("(iO)", (int)status, Py_None);
}

/* ---- calls ----
 *
 * All functions that compute take the same arguments: a codec, a number, three sides, and two buffers. */

typedef struct {
    codec *codec;
    unsigned int number; /* of a level in sixteenths; of a network, 1 for the encoder and 0 for the decoder */
    aecodec_segment sides;
    Py_buffer from, to;
    uint8_t *message; /* that was encoded */
    size_t message_size;
} call;

/* Compute. Returns the status, and the message if one was encoded. */
static PyObject *compute(PyObject *arguments, aecodec_status (*function)(call *))
{
    call k = {0};
    PyObject *capsule, *result = NULL;
    if (!PyArg_ParseTuple(arguments, "OIIIIy*w*", &capsule, &k.number, &k.sides.planes, &k.sides.rows,
                          &k.sides.columns, &k.from, &k.to)) {
        return NULL;
    }
    k.codec = PyCapsule_GetPointer(capsule, capsule_name);
    if (k.codec) {
        aecodec_status status = function(&k);
        result = Py_BuildValue("(iy#)", (int)status, (const char *)k.message, (Py_ssize_t)(status ? 0 : k.message_size));
    }
    free(k.message);
    PyBuffer_Release(&k.from);
    PyBuffer_Release(&k.to);
    return result;
}

#define FUNCTION(name, function)                                                                                  \
    static PyObject *name(PyObject *module, PyObject *arguments)                                                  \
    {                                                                                                             \
        (void)module;                                                                                             \
        return compute(arguments, function);                                                                      \
    }

static size_t vectors_of(const call *k)
{
    return (size_t)k->sides.planes * k->sides.rows * k->sides.columns;
}

/* ---- networks ---- */

/* Bytes of a picture in both buffers. Sets the sides of the input unless the network takes any. */
static aecodec_status picture_sizes(const aecodec_network *network, aecodec_segment *sides, size_t sizes[2])
{
    uint32_t in[3], out[3];
    aecodec_status status;
    aecodec_network_input(network, in);
    sides->rows = in[0] ? in[0] : sides->rows;
    sides->columns = in[1] ? in[1] : sides->columns;
    status = aecodec_network_output(network, sides->rows, sides->columns, out);
    sizes[0] = (size_t)sides->rows * sides->columns * in[2];
    sizes[1] = (size_t)out[0] * out[1] * out[2];
    return status;
}

static aecodec_status run_all(const aecodec_network *network, const call *k, const size_t sizes[2], const scratch *work)
{
    const int8_t *input = k->from.buf;
    int8_t *output = k->to.buf;
    aecodec_status status = AECODEC_OK;
    uint32_t left = k->sides.planes;
    while (left && status == AECODEC_OK) {
        uint32_t pictures = left < BATCH ? left : BATCH;
        status = aecodec_network_run_batch(network, pictures, k->sides.rows, k->sides.columns, input, output,
                                           work->memory, work->size);
        input += pictures * sizes[0];
        output += pictures * sizes[1];
        left -= pictures;
    }
    return status;
}

static aecodec_status run_network(call *k)
{
    const aecodec_network *network = aecodec_network_of(k->codec->bundle, k->number != 0);
    const uint32_t count = k->sides.planes;
    size_t sizes[2], bytes;
    scratch work;
    aecodec_status status = network ? picture_sizes(network, &k->sides, sizes) : AECODEC_ABSENT;
    if (status != AECODEC_OK) {
        return status;
    }
    if (count * sizes[0] != (size_t)k->from.len || count * sizes[1] != (size_t)k->to.len) {
        return AECODEC_BAD_ARGUMENT;
    }
    bytes = aecodec_network_batch_work_size(network, count < BATCH ? count : BATCH, k->sides.rows, k->sides.columns);
    if (count && !bytes) {
        return AECODEC_OTHER_SIZE;
    }
    work = scratch_take(k->codec, bytes);
    if (!work.memory) {
        return AECODEC_NO_MEMORY;
    }
    Py_BEGIN_ALLOW_THREADS
    status = run_all(network, k, sizes, &work);
    Py_END_ALLOW_THREADS
    scratch_return(k->codec, work);
    return status;
}

/* run(codec, is_encoder, pictures, rows, columns, input, output) -> (status, None); pictures follow each other */
FUNCTION(run, run_network)

/* ---- messages ---- */

/* Open a level for a call whose buffers have codes and latents or, if there are no latents, codes only. */
static aecodec_status open_for(const call *k, const Py_buffer *codes, const Py_buffer *latents, coding_level *level)
{
    const size_t vectors = vectors_of(k);
    aecodec_status status = aecodec_level_open(k->codec->bundle, k->number, level);
    if (status == AECODEC_OK &&
        (vectors * level->codec.code_dimension != (size_t)codes->len ||
         (latents && vectors * level->codec.latent_channels != (size_t)latents->len))) {
        free(level->factors);
        status = AECODEC_BAD_ARGUMENT;
    }
    return status;
}

/* A symbol takes at most 16 bits, an escaped one twice as many, and the coder's rounding costs each less than an eighth
 * of a byte. Pages that stay unused cost nothing. */
static size_t message_bound(const call *k)
{
    return 40 + 3 * vectors_of(k) + 4 * (size_t)k->to.len + (size_t)k->to.len / 8;
}

static aecodec_status code(call *k, const coding_level *level, uint32_t *work)
{
    if (!k->message) {
        return aecodec_decode_message(&level->codec, &k->sides, k->from.buf, (size_t)k->from.len, k->to.buf, work);
    }
    return aecodec_encode_message(&level->codec, &k->sides, k->from.buf, k->codec->bundle->rate_weight, k->to.buf,
                                  work, k->message, message_bound(k), &k->message_size);
}

static aecodec_status code_message(call *k, int is_encoder)
{
    coding_level level;
    scratch work;
    aecodec_status status = open_for(k, &k->to, is_encoder ? &k->from : NULL, &level);
    if (status != AECODEC_OK) {
        return status;
    }
    k->message = is_encoder ? malloc(message_bound(k)) : NULL;
    work = scratch_take(k->codec, aecodec_message_work_size(&level.codec, &k->sides));
    status = AECODEC_NO_MEMORY;
    if (work.memory && (k->message || !is_encoder)) {
        Py_BEGIN_ALLOW_THREADS
        status = code(k, &level, work.memory);
        Py_END_ALLOW_THREADS
    }
    scratch_return(k->codec, work);
    free(level.factors);
    return status;
}

static aecodec_status encode_message(call *k) { return code_message(k, 1); }
static aecodec_status decode_message(call *k) { return code_message(k, 0); }

/* encode(codec, level in sixteenths, planes, rows, columns, latents, codes) -> (status, message) */
FUNCTION(encode, encode_message)

/* decode(codec, level in sixteenths, planes, rows, columns, message, codes) -> (status, None) */
FUNCTION(decode, decode_message)

static aecodec_status dequantize_codes(call *k)
{
    coding_level level;
    aecodec_status status = open_for(k, &k->from, &k->to, &level);
    if (status == AECODEC_OK) {
        Py_BEGIN_ALLOW_THREADS
        aecodec_dequantize(&level.codec, k->from.buf, vectors_of(k), k->to.buf);
        Py_END_ALLOW_THREADS
        free(level.factors);
    }
    return status;
}

/* dequantize(codec, level in sixteenths, planes, rows, columns, codes, latents) -> (status, None) */
FUNCTION(dequantize, dequantize_codes)

/* ---- residuals ---- */

typedef struct {
    int is_encoder;
    residual_coding coding;
    Py_buffer networks, steps, limits, base, missing, decoded, source;
    uint8_t *message;
    size_t message_size;
} refinement;

/* Whether a number is the product of the sides. */
static int is_product(size_t number, const residual_coding *c)
{
    const uint32_t sides[4] = {c->frames, c->bands, c->height, c->width};
    int n;
    for (n = 0; n < 4; n++) {
        if (!sides[n] || number % sides[n]) {
            return 0;
        }
        number /= sides[n];
    }
    return number == 1;
}

static int buffers_fit(const refinement *r)
{
    const size_t bands = r->coding.bands, bytes = (size_t)r->base.len;
    return (size_t)r->steps.len == bands * sizeof(int64_t) && (size_t)r->limits.len == 2 * bands * sizeof(int64_t) &&
           bytes % sizeof(int64_t) == 0 && is_product(bytes / sizeof(int64_t), &r->coding) &&
           (size_t)r->decoded.len == bytes && (!r->is_encoder || (size_t)r->source.len == bytes) &&
           (!r->missing.buf || (size_t)r->missing.len == bytes / sizeof(int64_t));
}

static aecodec_status run_refinement(refinement *r)
{
    residual_coding *c = &r->coding;
    residual_networks *networks;
    aecodec_status status = aecodec_residual_networks_open(r->networks.buf, (size_t)r->networks.len, &networks);
    if (status != AECODEC_OK) {
        return status;
    }
    c->networks = networks;
    c->steps = r->steps.buf;
    c->limits = r->limits.buf;
    c->missing = r->missing.buf;
    if (r->is_encoder) {
        status = aecodec_residuals_encode(c, r->base.buf, r->source.buf, r->decoded.buf, &r->message, &r->message_size);
    } else {
        status = aecodec_residuals_decode(c, r->base.buf, r->source.buf, (size_t)r->source.len, r->decoded.buf);
    }
    free(networks);
    return status;
}

/* refine(is_encoder, networks, frames, bands, height, width, steps, limits, base, missing, decoded, source) ->
 * (status, message). The source is the values, or a message to be decoded. */
static PyObject *refine(PyObject *module, PyObject *arguments)
{
    refinement r = {0};
    aecodec_status status = AECODEC_BAD_ARGUMENT;
    PyObject *result;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "py*IIIIy*y*y*z*w*y*", &r.is_encoder, &r.networks, &r.coding.frames,
                          &r.coding.bands, &r.coding.height, &r.coding.width, &r.steps, &r.limits, &r.base,
                          &r.missing, &r.decoded, &r.source)) {
        return NULL;
    }
    if (buffers_fit(&r)) {
        Py_BEGIN_ALLOW_THREADS
        status = run_refinement(&r);
        Py_END_ALLOW_THREADS
    }
    result = Py_BuildValue("(iy#)", (int)status, (const char *)r.message, (Py_ssize_t)(status ? 0 : r.message_size));
    free(r.message);
    PyBuffer_Release(&r.networks);
    PyBuffer_Release(&r.steps);
    PyBuffer_Release(&r.limits);
    PyBuffer_Release(&r.base);
    PyBuffer_Release(&r.missing);
    PyBuffer_Release(&r.decoded);
    PyBuffer_Release(&r.source);
    return result;
}

/* status_text(status) -> what it means */
static PyObject *status_text(PyObject *module, PyObject *arguments)
{
    int status;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "i", &status)) {
        return NULL;
    }
    return PyUnicode_FromString(aecodec_status_text((aecodec_status)status));
}

static PyMethodDef functions[] = {{"open", open_codec, METH_VARARGS, NULL},
                                  {"run", run, METH_VARARGS, NULL},
                                  {"encode", encode, METH_VARARGS, NULL},
                                  {"decode", decode, METH_VARARGS, NULL},
                                  {"dequantize", dequantize, METH_VARARGS, NULL},
                                  {"refine", refine, METH_VARARGS, NULL},
                                  {"status_text", status_text, METH_VARARGS, NULL},
                                  {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "core", NULL, -1, functions, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_core(void);

PyMODINIT_FUNC PyInit_core(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module && (PyModule_AddIntConstant(module, "DAMAGED", AECODEC_DAMAGED) != 0 ||
                   PyModule_AddIntConstant(module, "NO_MEMORY", AECODEC_NO_MEMORY) != 0)) {
        Py_CLEAR(module);
    }
    return module;
}
