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
    MESSAGE_HEAD = 1024,
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

static void close_codec(PyObject *capsule)
{
    codec *c = PyCapsule_GetPointer(capsule, capsule_name);
    int n;
    for (n = 0; n < IDLE; n++) {
        free(c->idle[n].memory);
    }
    aecodec_bundle_close(c->bundle);
    free(c->allocated);
    free(c);
}

static codec *codec_of(PyObject *capsule)
{
    return PyCapsule_GetPointer(capsule, capsule_name);
}

static PyObject *status_only(aecodec_status status)
{
    return PyLong_FromLong((long)status);
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
        if (capsule) {
            return Py_BuildValue("(iN)", 0, capsule);
        }
        aecodec_bundle_close(c->bundle);
    }
    if (c) {
        free(c->allocated);
    }
    free(c);
    return status == AECODEC_OK ? NULL : Py_BuildValue("(iO)", (int)status, Py_None);
}

/* ---- networks ---- */

/* The sizes of one run. */
typedef struct {
    uint32_t rows, columns;
    size_t input, output; /* bytes of a picture */
} run_size;

static aecodec_status run_size_of(const aecodec_network *network, uint32_t rows, uint32_t columns, run_size *size)
{
    uint32_t in[3], out[3];
    aecodec_status status;
    aecodec_network_input(network, in);
    size->rows = in[0] ? in[0] : rows;
    size->columns = in[1] ? in[1] : columns;
    status = aecodec_network_output(network, size->rows, size->columns, out);
    if (status == AECODEC_OK) {
        size->input = (size_t)size->rows * size->columns * in[2];
        size->output = (size_t)out[0] * out[1] * out[2];
    }
    return status;
}

static aecodec_status run_all(const aecodec_network *network, const run_size *size, size_t count,
                              const int8_t *input, int8_t *output, const scratch *work)
{
    aecodec_status status = AECODEC_OK;
    while (count && status == AECODEC_OK) {
        uint32_t pictures = count < BATCH ? (uint32_t)count : BATCH;
        status = aecodec_network_run_batch(network, pictures, size->rows, size->columns, input, output, work->memory,
                                           work->size);
        input += pictures * size->input;
        output += pictures * size->output;
        count -= pictures;
    }
    return status;
}

static aecodec_status run_on(codec *c, int is_encoder, uint32_t rows, uint32_t columns, const Py_buffer *input,
                             const Py_buffer *output)
{
    const aecodec_network *network = network_of(c->bundle, is_encoder);
    run_size size;
    scratch work;
    size_t count, bytes;
    aecodec_status status = network ? run_size_of(network, rows, columns, &size) : AECODEC_ABSENT;
    if (status != AECODEC_OK) {
        return status;
    }
    count = (size_t)input->len / size.input;
    if (count * size.input != (size_t)input->len || count * size.output != (size_t)output->len) {
        return AECODEC_BAD_ARGUMENT;
    }
    bytes = aecodec_network_batch_work_size(network, count < BATCH ? (uint32_t)count : BATCH, size.rows, size.columns);
    if (count && !bytes) {
        return AECODEC_OTHER_SIZE;
    }
    work = scratch_take(c, bytes);
    if (!work.memory) {
        return AECODEC_NO_MEMORY;
    }
    Py_BEGIN_ALLOW_THREADS
    status = run_all(network, &size, count, input->buf, output->buf, &work);
    Py_END_ALLOW_THREADS
    scratch_return(c, work);
    return status;
}

/* run(codec, is_encoder, rows, columns, input, output) -> status; several inputs follow each other */
static PyObject *run(PyObject *module, PyObject *arguments)
{
    PyObject *capsule;
    Py_buffer input, output;
    codec *c;
    int is_encoder;
    unsigned int rows, columns;
    aecodec_status status = AECODEC_BAD_ARGUMENT;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OpIIy*w*", &capsule, &is_encoder, &rows, &columns, &input, &output)) {
        return NULL;
    }
    c = codec_of(capsule);
    if (c) {
        status = run_on(c, is_encoder, rows, columns, &input, &output);
    }
    PyBuffer_Release(&input);
    PyBuffer_Release(&output);
    return c ? status_only(status) : NULL;
}

/* ---- messages ---- */

static size_t vectors_of(const aecodec_segment *s)
{
    return (size_t)s->planes * s->rows * s->columns;
}

/* Encode a message; one that finds too little room is encoded again with more. */
static aecodec_status encode_in(const coding_level *level, const aecodec_segment *segment, const int8_t *latents,
                                aecodec_rate_weight weight, int8_t *codes, uint32_t *work, scratch *message,
                                size_t *size)
{
    aecodec_status status = AECODEC_BUFFER_TOO_SMALL;
    for (; status == AECODEC_BUFFER_TOO_SMALL; message->size *= 4) {
        void *grown = realloc(message->memory, message->size);
        if (!grown) {
            return AECODEC_NO_MEMORY;
        }
        message->memory = grown;
        status = aecodec_encode_message(&level->codec, segment, latents, weight, codes, work, grown, message->size,
                                        size);
    }
    return status;
}

static PyObject *encode_on(codec *c, unsigned int level_index, const aecodec_segment *segment, const Py_buffer *latents,
                           const Py_buffer *codes)
{
    coding_level level;
    scratch work = {NULL, 0}, message = {NULL, 0};
    size_t size = 0, vectors = vectors_of(segment);
    aecodec_status status = level_open(c->bundle, level_index, &level);
    PyObject *result;
    if (status != AECODEC_OK) {
        return Py_BuildValue("(iO)", (int)status, Py_None);
    }
    if (vectors * c->bundle->facts.latent_channels != (size_t)latents->len ||
        vectors * level.codec.code_dimension != (size_t)codes->len) {
        level_close(&level);
        return Py_BuildValue("(iO)", (int)AECODEC_BAD_ARGUMENT, Py_None);
    }
    work = scratch_take(c, aecodec_message_work_size(&level.codec, segment));
    status = work.memory ? AECODEC_OK : AECODEC_NO_MEMORY;
    message.size = (size_t)codes->len + MESSAGE_HEAD; /* pages that stay unused cost nothing */
    Py_BEGIN_ALLOW_THREADS
    if (status == AECODEC_OK) {
        status = encode_in(&level, segment, latents->buf, c->bundle->rate_weight, codes->buf, work.memory, &message,
                           &size);
    }
    Py_END_ALLOW_THREADS
    level_close(&level);
    scratch_return(c, work);
    result = status == AECODEC_OK ? Py_BuildValue("(iy#)", 0, (const char *)message.memory, (Py_ssize_t)size)
                                  : Py_BuildValue("(iO)", (int)status, Py_None);
    free(message.memory);
    return result;
}

/* encode(codec, level in sixteenths, planes, rows, columns, latents, codes) -> (status, message) */
static PyObject *encode(PyObject *module, PyObject *arguments)
{
    PyObject *capsule, *result;
    Py_buffer latents, codes;
    codec *c;
    unsigned int level;
    aecodec_segment segment;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OIIIIy*w*", &capsule, &level, &segment.planes, &segment.rows, &segment.columns,
                          &latents, &codes)) {
        return NULL;
    }
    c = codec_of(capsule);
    result = c ? encode_on(c, level, &segment, &latents, &codes) : NULL;
    PyBuffer_Release(&latents);
    PyBuffer_Release(&codes);
    return result;
}

static aecodec_status decode_on(codec *c, unsigned int level_index, const aecodec_segment *segment,
                                const Py_buffer *message, const Py_buffer *codes)
{
    coding_level level;
    scratch work = {NULL, 0};
    aecodec_status status = level_open(c->bundle, level_index, &level);
    if (status != AECODEC_OK) {
        return status;
    }
    if (vectors_of(segment) * level.codec.code_dimension != (size_t)codes->len) {
        level_close(&level);
        return AECODEC_BAD_ARGUMENT;
    }
    work = scratch_take(c, aecodec_message_work_size(&level.codec, segment));
    status = work.memory ? AECODEC_OK : AECODEC_NO_MEMORY;
    Py_BEGIN_ALLOW_THREADS
    if (status == AECODEC_OK) {
        status = aecodec_decode_message(&level.codec, segment, message->buf, (size_t)message->len, codes->buf,
                                        work.memory);
    }
    Py_END_ALLOW_THREADS
    level_close(&level);
    scratch_return(c, work);
    return status;
}

/* decode(codec, level in sixteenths, planes, rows, columns, message, codes) -> status */
static PyObject *decode(PyObject *module, PyObject *arguments)
{
    PyObject *capsule;
    Py_buffer message, codes;
    codec *c;
    unsigned int level;
    aecodec_segment segment;
    aecodec_status status = AECODEC_BAD_ARGUMENT;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OIIIIy*w*", &capsule, &level, &segment.planes, &segment.rows, &segment.columns,
                          &message, &codes)) {
        return NULL;
    }
    c = codec_of(capsule);
    if (c) {
        status = decode_on(c, level, &segment, &message, &codes);
    }
    PyBuffer_Release(&message);
    PyBuffer_Release(&codes);
    return c ? status_only(status) : NULL;
}

static aecodec_status dequantize_on(codec *c, unsigned int level_index, const Py_buffer *codes,
                                    const Py_buffer *latents)
{
    coding_level level;
    size_t channels = c->bundle->facts.latent_channels, vectors = (size_t)latents->len / channels;
    aecodec_status status = level_open(c->bundle, level_index, &level);
    if (status != AECODEC_OK) {
        return status;
    }
    if (vectors * channels != (size_t)latents->len || vectors * level.codec.code_dimension != (size_t)codes->len) {
        status = AECODEC_BAD_ARGUMENT;
    } else {
        Py_BEGIN_ALLOW_THREADS
        aecodec_dequantize(&level.codec, codes->buf, vectors, latents->buf);
        Py_END_ALLOW_THREADS
    }
    level_close(&level);
    return status;
}

/* dequantize(codec, level in sixteenths, codes, latents) -> status */
static PyObject *dequantize(PyObject *module, PyObject *arguments)
{
    PyObject *capsule;
    Py_buffer codes, latents;
    codec *c;
    unsigned int level;
    aecodec_status status = AECODEC_BAD_ARGUMENT;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OIy*w*", &capsule, &level, &codes, &latents)) {
        return NULL;
    }
    c = codec_of(capsule);
    if (c) {
        status = dequantize_on(c, level, &codes, &latents);
    }
    PyBuffer_Release(&codes);
    PyBuffer_Release(&latents);
    return c ? status_only(status) : NULL;
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
                                  {"status_text", status_text, METH_VARARGS, NULL},
                                  {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "core", NULL, -1, functions, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_core(void);

PyMODINIT_FUNC PyInit_core(void)
{
    return PyModule_Create(&definition);
}
