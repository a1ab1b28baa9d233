/* SPDX-License-Identifier: Apache-2.0 */
/* Values without parts, as objects of Python. */
#include "archive/bytes.h"
#include "value.h"

/* module.name(arguments), for types of the standard library. */
static PyObject *call(const char *module, const char *name, const char *format, ...)
{
    PyObject *found = PyImport_ImportModule(module);
    PyObject *function = found ? PyObject_GetAttrString(found, name) : NULL, *arguments = NULL, *result;
    va_list list;

    if (function) {
        va_start(list, format);
        arguments = Py_VaBuildValue(format, list);
        va_end(list);
    }
    result = arguments ? PyObject_Call(function, arguments, NULL) : NULL;
    Py_XDECREF(arguments);
    Py_XDECREF(function);
    Py_XDECREF(found);
    return result;
}

/* ---- Numbers ---- */

/* No call is made while an exception is set: it might clear that. */
static PyObject *wide_integer(const char *at, bool is_signed)
{
    PyObject *from_bytes = PyObject_GetAttrString((PyObject *)(void *)&PyLong_Type, "from_bytes");
    PyObject *keywords = from_bytes ? Py_BuildValue("{sO}", "signed", is_signed ? Py_True : Py_False) : NULL;
    PyObject *arguments = keywords ? Py_BuildValue("(y#s)", at, (Py_ssize_t)16,
                                                   __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? "little" : "big")
                                   : NULL;
    PyObject *result = arguments ? PyObject_Call(from_bytes, arguments, keywords) : NULL;

    Py_XDECREF(arguments);
    Py_XDECREF(keywords);
    Py_XDECREF(from_bytes);
    return result;
}

static PyObject *integer(const mms_type *type, const char *at)
{
    bool is_signed = (type->kind >= MMS_T_I8 && type->kind <= MMS_T_I128) || type->kind == MMS_T_ISIZE;
    unsigned shift;

    if (type->size == 16)
        return wide_integer(at, is_signed);
    if (!is_signed)
        return PyLong_FromUnsignedLongLong(mms__get_uint(at, type->size));
    shift = 64 - 8 * (unsigned)type->size;
    return PyLong_FromLongLong((long long)(int64_t)(mms__get_uint(at, type->size) << shift) >> shift);
}

static PyObject *real(const mms_type *type, const char *at)
{
    double wide;
    float narrow;

    if (type->kind == MMS_T_F32) {
        memcpy(&narrow, at, sizeof narrow);
        return PyFloat_FromDouble((double)narrow);
    }
    memcpy(&wide, at, sizeof wide);
    return PyFloat_FromDouble(wide);
}

/* ---- Text and addresses ---- */

static PyObject *text(mms_str str)
{
    return PyUnicode_DecodeUTF8(str.data, (Py_ssize_t)str.size, NULL);
}

static PyObject *boxed_text(const mms_type *type, const char *at)
{
    return text((mms_str){mms__follow(type, at), (size_t)mms__get_count(type, at + mms__word_size(type))});
}

static PyObject *character(const char *at)
{
    Py_UCS4 code = (Py_UCS4)mms__get_uint(at, 4);

    return PyUnicode_FromFormat("%c", (int)code);
}

static PyObject *ip(const void *octets, Py_ssize_t size)
{
    return call("ipaddress", size == 4 ? "IPv4Address" : "IPv6Address", "(y#)", (const char *)octets, size);
}

static PyObject *socket_v4(const mms_socket_v4 *address)
{
    PyObject *host = ip(address->ip.octets, 4);

    return host ? call("mmsync._values", "SocketAddress", "(NH)", host, address->port) : NULL;
}

static PyObject *socket_v6(const mms_socket_v6 *address)
{
    PyObject *host = ip(address->ip.octets, 16);

    return host ? call("mmsync._values", "SocketAddress", "(NHII)", host, address->port, (unsigned)address->flowinfo,
                       (unsigned)address->scope_id)
                : NULL;
}

static PyObject *address(const mms_type *type, const void *at)
{
    const mms_ip *either = at;
    const mms_socket *socket = at;

    switch (type->kind) {
    case MMS_T_IPV4: return ip(at, 4);
    case MMS_T_IPV6: return ip(at, 16);
    case MMS_T_IP: return either->tag == MMS_IP_V4 ? ip(&either->v4, 4) : ip(&either->v6, 16);
    case MMS_T_SOCKET_V4: return socket_v4(at);
    case MMS_T_SOCKET_V6: return socket_v6(at);
    case MMS_T_SOCKET:
        return socket->tag == MMS_IP_V4 ? socket_v4(&socket->v4.address) : socket_v6(&socket->v6.address);
    default: return call("uuid", "UUID", "(Oy#)", Py_None, (const char *)at, (Py_ssize_t)16);
    }
}

/* ---- All of them ---- */

PyObject *mmspy_scalar(const mms_type *type, const char *at, bool *done)
{
    *done = true;
    if (type->kind >= MMS_T_IPV4)
        return address(type, at);
    switch (type->kind) {
    case MMS_T_UNIT: Py_RETURN_NONE;
    case MMS_T_BOOL: return PyBool_FromLong(*at != 0);
    case MMS_T_F32:
    case MMS_T_F64: return real(type, at);
    case MMS_T_CHAR: return character(at);
    case MMS_T_STRING: return text(mms__get_string(type, at));
    case MMS_T_BOX_STR: return boxed_text(type, at);
    case MMS_T_DURATION:
        return call("mmsync._values", "Duration", "(KI)", (unsigned long long)mms__get_uint(at, 8),
                    (unsigned)mms__get_uint(at + 8, 4));
    default: break;
    }
    if (type->kind < MMS_T_F32)
        return integer(type, at);
    *done = false;
    return NULL;
}

const char *mmspy_scalar_format(const mms_type *type)
{
    static const char *const unsigned_formats[] = {[1] = "B", [2] = "H", [4] = "I", [8] = "Q"};
    static const char *const signed_formats[] = {[1] = "b", [2] = "h", [4] = "i", [8] = "q"};

    switch (type->kind) {
    case MMS_T_BOOL: return "?";
    case MMS_T_F32: return "f";
    case MMS_T_F64: return "d";
    case MMS_T_U8:
    case MMS_T_U16:
    case MMS_T_U32:
    case MMS_T_U64:
    case MMS_T_USIZE: return unsigned_formats[type->size];
    case MMS_T_I8:
    case MMS_T_I16:
    case MMS_T_I32:
    case MMS_T_I64:
    case MMS_T_ISIZE: return signed_formats[type->size];
    default: return NULL;
    }
}
