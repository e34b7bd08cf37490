/* SPDX-License-Identifier: Apache-2.0 */
/* The library as a module of Python, aecodec.engine.native.core, by the stable ABI of Python 3.10. Every function gives
 * a status first; what it means to a program in Python is for aecodec.engine.native to say. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "aecodec_library.h"

static const char name_of_bundles[] = "aecodec_bundle";

static void close_bundle(PyObject *capsule)
{
    aecodec_bundle_close(PyCapsule_GetPointer(capsule, name_of_bundles));
}

static PyObject *failed(aecodec_status status)
{
    return Py_BuildValue("(iO)", (int)status, Py_None);
}

/* open(path) -> (status, bundle) */
static PyObject *open_bundle(PyObject *module, PyObject *arguments)
{
    PyObject *path = NULL, *capsule;
    aecodec_bundle *bundle;
    aecodec_status status;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O&", PyUnicode_FSConverter, &path)) {
        return NULL;
    }
    status = aecodec_bundle_open(PyBytes_AsString(path), &bundle);
    Py_DECREF(path);
    if (status != AECODEC_OK) {
        return failed(status);
    }
    capsule = PyCapsule_New(bundle, name_of_bundles, close_bundle);
    if (!capsule) {
        aecodec_bundle_close(bundle);
        return NULL;
    }
    return Py_BuildValue("(iN)", (int)status, capsule);
}

/* compress(bundle, pixels, (frames, height, width, channels), level, max_bytes) -> (status, file) */
static PyObject *compress(PyObject *module, PyObject *arguments)
{
    PyObject *capsule, *result;
    const aecodec_bundle *bundle;
    const char *pixels;
    Py_ssize_t size, max_bytes;
    aecodec_image picture;
    unsigned int level;
    uint8_t *file = NULL;
    size_t file_size = 0;
    aecodec_status status;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "Oy#(IIII)In", &capsule, &pixels, &size, &picture.frames, &picture.height,
                          &picture.width, &picture.channels, &level, &max_bytes)) {
        return NULL;
    }
    bundle = PyCapsule_GetPointer(capsule, name_of_bundles);
    if (!bundle) {
        return NULL;
    }
    if ((uint64_t)picture.height * picture.width > (uint64_t)size ||
        (uint64_t)picture.height * picture.width * picture.channels * picture.frames != (uint64_t)size) {
        return failed(AECODEC_BAD_IMAGE);
    }
    picture.pixels = (uint8_t *)pixels; /* which the library only reads */
    Py_BEGIN_ALLOW_THREADS
    status = aecodec_compress(bundle, &picture, level, (size_t)max_bytes, NULL, &file, &file_size);
    Py_END_ALLOW_THREADS
    if (status != AECODEC_OK) {
        return failed(status);
    }
    result = Py_BuildValue("(iy#)", (int)status, (const char *)file, (Py_ssize_t)file_size);
    aecodec_free(file);
    return result;
}

static PyObject *as_tuple(const aecodec_image *picture)
{
    size_t size = (size_t)picture->frames * picture->height * picture->width * picture->channels;
    return Py_BuildValue("(iy#(IIII))", 0, (const char *)picture->pixels, (Py_ssize_t)size, picture->frames,
                         picture->height, picture->width, picture->channels);
}

/* decompress(bundle, file, max_pixels, max_frames) -> (0, pixels, (frames, height, width, channels)) or
 * (status, None) */
static PyObject *decompress(PyObject *module, PyObject *arguments)
{
    PyObject *capsule, *result;
    const aecodec_bundle *bundle;
    const char *file;
    Py_ssize_t size;
    aecodec_limits limits = {0, 0, 0};
    aecodec_image picture;
    aecodec_status status;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "Oy#II", &capsule, &file, &size, &limits.max_pixels, &limits.max_frames)) {
        return NULL;
    }
    bundle = PyCapsule_GetPointer(capsule, name_of_bundles);
    if (!bundle) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    status = aecodec_decompress(bundle, (const uint8_t *)file, (size_t)size, &limits, NULL, &picture);
    Py_END_ALLOW_THREADS
    if (status != AECODEC_OK) {
        return failed(status);
    }
    result = as_tuple(&picture);
    aecodec_image_free(&picture);
    return result;
}

/* text(status) -> what it says */
static PyObject *text(PyObject *module, PyObject *arguments)
{
    int status;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "i", &status)) {
        return NULL;
    }
    return PyUnicode_FromString(aecodec_status_text((aecodec_status)status));
}

static PyMethodDef functions[] = {
    {"open", open_bundle, METH_VARARGS, NULL},
    {"compress", compress, METH_VARARGS, NULL},
    {"decompress", decompress, METH_VARARGS, NULL},
    {"text", text, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "core", NULL, -1, functions, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_core(void);

PyMODINIT_FUNC PyInit_core(void)
{
    return PyModule_Create(&definition);
}
