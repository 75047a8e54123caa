/* hallow.journal._half: one half of the staging file, as hallow.journal.staged.Half, at the price of a memcpy.

   Optional: hallow.journal.staged does the same in Python where this is not built. The layout of the bytes is that of
   hallow.journal.layout.HALF; docs/journal.md describes it. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* Sequence number, size of the file when the writing began, number of the file, nothing; all little-endian. */
enum { SEQUENCE = 0, SIZE = 8, TARGET = 16, HEAD = 24 };
#define NOTHING 0xFFFFFFFFFFFFFFFFULL
#define FILL 0xFF

/* The process may be killed between any two stores: the compiler must leave them in their order. */
#define IN_THIS_ORDER() __asm__ __volatile__("" ::: "memory")

typedef struct {
    PyObject_HEAD
    Py_buffer view;
    int open;
    int busy;              /* being written out, without the lock of the interpreter */
    unsigned long writer;  /* the thread that does it */
    PyThread_type_lock idle; /* taken while it does */
    unsigned char *head;
    Py_ssize_t room;
    Py_ssize_t size;       /* bytes staged */
    Py_ssize_t written;    /* of these, bytes that the descriptor has taken */
    unsigned long long sequence;
} Half;

static void store(unsigned char *place, unsigned long long value, int count)
{
    unsigned char bytes[8];
    for (int i = 0; i < count; i++) {
        bytes[i] = (unsigned char)(value >> (8 * i));
    }
    memcpy(place, bytes, (size_t)count);
}

static int half_init(Half *self, PyObject *args, PyObject *Py_UNUSED(options))
{
    PyObject *map;
    Py_ssize_t base, size;
    if (!PyArg_ParseTuple(args, "Onn", &map, &base, &size)) {
        return -1;
    }
    if (self->idle != NULL) {
        PyErr_SetString(PyExc_ValueError, "already made");
        return -1;
    }
    if (PyObject_GetBuffer(map, &self->view, PyBUF_WRITABLE) < 0) {
        return -1;
    }
    if (size < HEAD || base < 0 || base > self->view.len - size) {
        PyBuffer_Release(&self->view);
        PyErr_SetString(PyExc_ValueError, "the half is not inside the map");
        return -1;
    }
    self->idle = PyThread_allocate_lock();
    if (self->idle == NULL) {
        PyBuffer_Release(&self->view);
        PyErr_NoMemory();
        return -1;
    }
    self->open = 1;
    self->head = (unsigned char *)self->view.buf + base;
    self->room = size - HEAD;
    return 0;
}

static void half_dealloc(Half *self)
{
    PyTypeObject *type = Py_TYPE(self);
    if (self->open) {
        PyBuffer_Release(&self->view);
    }
    if (self->idle != NULL) {
        PyThread_free_lock(self->idle);
    }
    type->tp_free((PyObject *)self);
    Py_DECREF(type);
}

/* ---------------------------------------------------------------------------------------------- appending */

static int append(Half *self, const void *data, Py_ssize_t size)
{
    if (!self->open || self->busy || size > self->room - self->size) {
        PyErr_SetString(PyExc_ValueError, "no room");
        return -1;
    }
    memcpy(self->head + HEAD + self->size, data, (size_t)size);
    self->size += size;
    return 0;
}

static PyObject *half_write(Half *self, PyObject *data)
{
    Py_buffer view;
    if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    Py_ssize_t size = view.len;
    int failed = append(self, view.buf, size);
    PyBuffer_Release(&view);
    return failed ? NULL : PyLong_FromSsize_t(size);
}

static PyObject *half_write_text(Half *self, PyObject *text)
{
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "no text");
        return NULL;
    }
    if (PyUnicode_IS_COMPACT_ASCII(text)) {
        Py_ssize_t size = PyUnicode_GET_LENGTH(text);
        return append(self, PyUnicode_1BYTE_DATA(text), size) < 0 ? NULL : PyLong_FromSsize_t(size);
    }
    /* Not PyUnicode_AsUTF8AndSize: the text would keep what it has become for as long as it lives. */
    PyObject *encoded = PyUnicode_AsUTF8String(text);
    if (encoded == NULL) {
        return NULL;
    }
    int failed = append(self, PyBytes_AS_STRING(encoded), PyBytes_GET_SIZE(encoded));
    Py_DECREF(encoded);
    return failed ? NULL : PyLong_FromSsize_t(PyUnicode_GET_LENGTH(text));
}

/* -------------------------------------------------------------------------------------------- writing out */

static PyObject *half_begin(Half *self, PyObject *args)
{
    unsigned long long sequence;
    unsigned int target;
    if (!PyArg_ParseTuple(args, "KI", &sequence, &target)) {
        return NULL;
    }
    if (!self->open || self->busy) {
        PyErr_SetString(PyExc_ValueError, "not to be begun now");
        return NULL;
    }
    self->sequence = sequence;
    store(self->head + SIZE, NOTHING, 8);
    store(self->head + TARGET, target, 4);
    store(self->head + TARGET + 4, 0, 4);
    IN_THIS_ORDER();
    store(self->head + SEQUENCE, sequence, 8);
    Py_RETURN_NONE;
}

static void forget(Half *self)
{
    /* First that nothing here counts, in one step. */
    store(self->head + SEQUENCE, NOTHING, 8);
    IN_THIS_ORDER();
    memset(self->head + HEAD, FILL, (size_t)self->size);
    self->size = self->written = 0;
}

static PyObject *half_clean(Half *self, PyObject *Py_UNUSED(nothing))
{
    if (!self->open || self->busy) {
        PyErr_SetString(PyExc_ValueError, "not to be cleaned now");
        return NULL;
    }
    forget(self);
    Py_RETURN_NONE;
}

static int write_all(Half *self, int file)
{
    while (self->written < self->size) {
        const unsigned char *rest = self->head + HEAD + self->written;
        size_t count = (size_t)(self->size - self->written);
        ssize_t taken;
        int error;
        Py_BEGIN_ALLOW_THREADS
        taken = write(file, rest, count);
        error = errno;
        Py_END_ALLOW_THREADS
        if (taken >= 0) {
            self->written += taken;
        } else if (error != EINTR) {
            errno = error;
            PyErr_SetFromErrno(PyExc_OSError);
            return -1;
        }
        /* Also when a part was taken: that, too, may be due to a signal, and the next writing may last for ever. */
        if (self->written < self->size && PyErr_CheckSignals() < 0) {
            return -1;
        }
    }
    return 0;
}

static int write_out(Half *self, PyObject *number)
{
    long file = PyLong_AsLong(number);
    if (file == -1 && PyErr_Occurred()) {
        return -1;
    }
    if (file < INT_MIN || file > INT_MAX) {
        PyErr_SetString(PyExc_OverflowError, "no descriptor has this number");
        return -1;
    }
    if (!self->open) {
        return 0;
    }
    if (self->busy) {
        PyErr_SetString(PyExc_ValueError, "not to be written out now");
        return -1;
    }
    if (self->written == 0 && self->size > 0) {
        /* Behind what was written last; cheaper to ask for than the size. 0: a descriptor that the user has closed. */
        off_t place = lseek((int)file, 0, SEEK_CUR);
        store(self->head + SIZE, place < 0 ? 0 : (unsigned long long)place, 8);
        IN_THIS_ORDER();
    }
    self->busy = 1;
    self->writer = PyThread_get_thread_ident();
    /* One that waits may just have it. It lets go of it at once, and needs nothing that we hold. */
    PyThread_acquire_lock(self->idle, WAIT_LOCK);
    int failed = write_all(self, (int)file);
    self->busy = 0;
    PyThread_release_lock(self->idle);
    if (!failed && self->open) {
        forget(self);
    }
    return failed;
}

static PyObject *half_write_out(Half *self, PyObject *number)
{
    if (write_out(self, number) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *half_pass_on(Half *self, PyObject *number)
{
    if (self->size > 0) {
        if (write_out(self, number) < 0) {
            return NULL;
        }
        if (!self->open) {
            Py_RETURN_NONE;
        }
        store(self->head + SIZE, NOTHING, 8);
        IN_THIS_ORDER();
        store(self->head + SEQUENCE, self->sequence, 8);
    }
    Py_RETURN_NONE;
}

static PyObject *half_wait(Half *self, PyObject *Py_UNUSED(nothing))
{
    while (self->busy && self->writer != PyThread_get_thread_ident()) {
        PyLockStatus status;
        Py_BEGIN_ALLOW_THREADS
        status = PyThread_acquire_lock_timed(self->idle, 100000, 1);
        if (status == PY_LOCK_ACQUIRED) {
            PyThread_release_lock(self->idle);
        }
        Py_END_ALLOW_THREADS
        if (status == PY_LOCK_INTR && PyErr_CheckSignals() < 0) {
            return NULL;
        }
    }
    Py_RETURN_NONE;
}

static PyObject *half_rest(Half *self, PyObject *Py_UNUSED(nothing))
{
    if (!self->open) {
        return PyBytes_FromStringAndSize(NULL, 0);
    }
    return PyBytes_FromStringAndSize((char *)self->head + HEAD + self->written, self->size - self->written);
}

static void let_go(Half *self)
{
    if (self->open) {
        self->open = 0;
        self->size = self->written = 0;
        PyBuffer_Release(&self->view);
    }
}

/* After a fork: possibly by a signal handler in the middle of write_all, which then finds nothing left to do. */
static PyObject *half_leave(Half *self, PyObject *Py_UNUSED(nothing))
{
    self->busy = 0;
    let_go(self);
    Py_RETURN_NONE;
}

static PyObject *half_close(Half *self, PyObject *Py_UNUSED(nothing))
{
    if (self->busy) {
        PyErr_SetString(PyExc_ValueError, "not to be closed now");
        return NULL;
    }
    let_go(self);
    Py_RETURN_NONE;
}

static PyObject *half_size(Half *self, void *Py_UNUSED(nothing))
{
    return PyLong_FromSsize_t(self->size);
}

static PyObject *half_interrupted(Half *self, void *Py_UNUSED(nothing))
{
    return PyBool_FromLong(self->busy && self->writer == PyThread_get_thread_ident());
}

static PyObject *half_sequence(Half *self, void *Py_UNUSED(nothing))
{
    return PyLong_FromUnsignedLongLong(self->sequence);
}

/* ------------------------------------------------------------------------------------------------- module */

static PyMethodDef half_methods[] = {
    {"write", (PyCFunction)half_write, METH_O, NULL},
    {"write_text", (PyCFunction)half_write_text, METH_O, NULL},
    {"begin", (PyCFunction)half_begin, METH_VARARGS, NULL},
    {"write_out", (PyCFunction)half_write_out, METH_O, NULL},
    {"pass_on", (PyCFunction)half_pass_on, METH_O, NULL},
    {"wait", (PyCFunction)half_wait, METH_NOARGS, NULL},
    {"rest", (PyCFunction)half_rest, METH_NOARGS, NULL},
    {"clean", (PyCFunction)half_clean, METH_NOARGS, NULL},
    {"close", (PyCFunction)half_close, METH_NOARGS, NULL},
    {"leave", (PyCFunction)half_leave, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef half_attributes[] = {
    {"size", (getter)half_size, NULL, NULL, NULL},
    {"interrupted", (getter)half_interrupted, NULL, NULL, NULL},
    {"sequence", (getter)half_sequence, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot half_slots[] = {
    {Py_tp_doc, "Half(map, base, size): see hallow.journal.staged.Half."},
    {Py_tp_new, PyType_GenericNew},
    {Py_tp_init, half_init},
    {Py_tp_dealloc, half_dealloc},
    {Py_tp_methods, half_methods},
    {Py_tp_getset, half_attributes},
    {0, NULL},
};

static PyType_Spec half_spec = {
    .name = "hallow.journal._half.Half",
    .basicsize = sizeof(Half),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = half_slots,
};

static int module_exec(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &half_spec, NULL);
    if (type == NULL) {
        return -1;
    }
    int failed = PyModule_AddType(module, (PyTypeObject *)type);
    Py_DECREF(type);
    return failed;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "hallow.journal._half",
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__half(void)
{
    return PyModuleDef_Init(&module);
}
