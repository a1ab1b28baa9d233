/* SPDX-License-Identifier: Apache-2.0 */
#if defined(__x86_64__)
#include "decode.h"
#include <string.h>

/* An instruction in parts. MAP: 1, one byte; 2, after 0F; 3, after 0F 38; 4, after 0F 3A. */
struct parts {
    const unsigned char *at;
    unsigned rex, map, opcode;
    bool lock, vector, wide16;
    uint64_t segment;
};

static bool take_prefix(struct parts *parts, const struct user_regs_struct *registers)
{
    switch (*parts->at) {
    case 0xf0: parts->lock = true; break;
    case 0x66: parts->wide16 = true; break;
    case 0x64: parts->segment = registers->fs_base; break;
    case 0x65: parts->segment = registers->gs_base; break;
    case 0xf2:
    case 0xf3:
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x26:
    case 0x67: break;
    default: return false;
    }
    parts->at++;
    return true;
}

/* C5, C4 and 62 begin vector instructions in 64-bit mode. */
static bool take_vector_prefix(struct parts *parts)
{
    const unsigned char *at = parts->at;

    if (at[0] == 0xc5) {
        parts->rex = at[1] & 0x80 ? 0 : 4;
        parts->map = 2;
        parts->at += 2;
    } else if (at[0] == 0xc4 || at[0] == 0x62) {
        parts->rex = (~(unsigned)at[1] >> 5) & 7;
        parts->map = (at[1] & 7u) + 1;
        parts->at += at[0] == 0xc4 ? 3 : 4;
    } else {
        return false;
    }
    parts->vector = true;
    return true;
}

static struct parts take_apart(const unsigned char *code, const struct user_regs_struct *registers)
{
    struct parts parts = {.at = code, .map = 1};

    while (take_prefix(&parts, registers))
        ;
    if ((*parts.at & 0xf0) == 0x40)
        parts.rex = *parts.at++ & 0xf;
    if (!take_vector_prefix(&parts) && *parts.at == 0x0f) {
        parts.map = 2;
        parts.at++;
        if (*parts.at == 0x38 || *parts.at == 0x3a)
            parts.map = *parts.at++ == 0x38 ? 3 : 4;
    }
    parts.opcode = *parts.at++;
    return parts;
}

static bool has_operand_byte(const struct parts *parts)
{
    unsigned op = parts->opcode;

    if (parts->map > 2 || parts->vector)
        return !(parts->vector && parts->map == 2 && op == 0x77);
    if (parts->map == 2)
        return !(op < 0x0f && op != 0x0d && op > 3) && !(op >= 0x30 && op < 0x38) && !(op >= 0x80 && op < 0x90) &&
               !(op >= 0xc8 && op < 0xd0) && op != 0x77 && (op & 0xf6) != 0xa0 && op != 0xa2 && op != 0xaa;
    if (op < 0x40)
        return (op & 7) < 4;
    return op == 0x63 || op == 0x69 || op == 0x6b || (op >= 0x80 && op < 0x90) || op == 0xc0 || op == 0xc1 ||
           op == 0xc6 || op == 0xc7 || (op >= 0xd0 && op < 0xd4) || (op >= 0xd8 && op < 0xe0) || op == 0xf6 ||
           op == 0xf7 || op >= 0xfe;
}

static uint64_t register_of(const struct user_regs_struct *r, unsigned number)
{
    const uint64_t values[16] = {r->rax, r->rcx, r->rdx, r->rbx, r->rsp, r->rbp, r->rsi, r->rdi,
                                 r->r8,  r->r9,  r->r10, r->r11, r->r12, r->r13, r->r14, r->r15};

    return values[number & 15];
}

/* Bytes behind the operand: an address relative to the next instruction needs the instruction's
   end. */
static unsigned immediate_size(const struct parts *parts, unsigned operand)
{
    unsigned op = parts->opcode, extension = operand >> 3 & 7;

    if (parts->map == 4 ||
        (parts->map == 2 && (op == 0x70 || op == 0xa4 || op == 0xac || op == 0xba || op == 0xc2 || op == 0xc6)))
        return 1;
    if (parts->map != 1)
        return 0;
    if (op == 0x80 || op == 0x83 || op == 0x6b || op == 0xc0 || op == 0xc1 || op == 0xc6 ||
        (op == 0xf6 && extension < 2))
        return 1;
    if (op == 0x81 || op == 0x69 || op == 0xc7 || (op == 0xf7 && extension < 2))
        return parts->wide16 ? 2 : 4;
    return 0;
}

static int64_t displacement(const unsigned char *at, unsigned size)
{
    int32_t value;

    if (size == 1)
        return (signed char)*at;
    memcpy(&value, at, sizeof value);
    return size ? value : 0;
}

/* The address of the operand at parts->at, which is a memory operand. */
static uint64_t address_of(const struct parts *parts, const unsigned char *code,
                           const struct user_regs_struct *registers)
{
    const unsigned char *at = parts->at;
    unsigned operand = *at++, mode = operand >> 6, base = operand & 7;
    unsigned size = mode == 1 ? 1 : mode == 2 ? 4 : 0;
    uint64_t address = parts->segment;

    if (base == 4) {
        unsigned scaled = *at++, index = (scaled >> 3 & 7) | (parts->rex & 2 ? 8 : 0);

        base = scaled & 7;
        if (index != 4)
            address += register_of(registers, index) << (scaled >> 6);
        if (base == 5 && mode == 0)
            size = 4;
        else
            address += register_of(registers, base | (parts->rex & 1 ? 8 : 0));
    } else if (base == 5 && mode == 0) {
        size = 4;
        address += registers->rip + (uint64_t)(at + size + immediate_size(parts, operand) - code);
    } else {
        address += register_of(registers, base | (parts->rex & 1 ? 8 : 0));
    }
    return address + (uint64_t)displacement(at, size);
}

/* Roughly: what is not known to be a load counts as one. */
static bool writes_operand(const struct parts *parts, unsigned operand)
{
    unsigned op = parts->opcode, extension = operand >> 3 & 7;

    if (parts->lock)
        return true;
    if (parts->map == 1 && !parts->vector)
        return (op < 0x38 && (op & 7) < 2) || op == 0x86 || op == 0x87 || op == 0x88 || op == 0x89 || op == 0x8f ||
               ((op == 0x80 || op == 0x81 || op == 0x83) && extension != 7) || op == 0xc6 || op == 0xc7 ||
               (op >= 0xfe && extension < 2) || ((op == 0xf6 || op == 0xf7) && (extension == 2 || extension == 3));
    return parts->map == 2 &&
           (op == 0x11 || op == 0x13 || op == 0x17 || op == 0x29 || op == 0x7e || op == 0x7f || op == 0xd6 ||
            op == 0xe7 || op == 0xb0 || op == 0xb1 || op == 0xc0 || op == 0xc1 || (op >= 0x90 && op < 0xa0));
}

static bool is_no_access(const struct parts *parts, unsigned operand)
{
    if (parts->map == 1)
        return parts->opcode == 0x8d; /* lea */
    return parts->map == 2 && !parts->vector &&
           (parts->opcode == 0x1f || parts->opcode == 0x18 || parts->opcode == 0x0d || /* nop, prefetch */
            (parts->opcode == 0xae && (operand >> 3 & 7) >= 5 && operand >= 0xc0));
}

/* movs and stos, repeated or not: what they write. Their loads count with it. */
static struct access string_access(const struct parts *parts, const struct user_regs_struct *registers)
{
    unsigned op = parts->opcode;
    uint64_t unit = op & 1 ? (parts->rex & 8 ? 8 : 4) : 1;

    if (parts->map != 1 || (op != 0xa4 && op != 0xa5 && op != 0xaa && op != 0xab))
        return (struct access){0, 0, false};
    return (struct access){registers->rdi, unit, true};
}

struct instruction decode(const unsigned char code[16], const struct user_regs_struct *registers)
{
    struct parts parts = take_apart(code, registers);
    struct instruction found = {.system_call = parts.map == 2 && !parts.vector && parts.opcode == 0x05};
    unsigned operand = *parts.at;
    bool in_memory = has_operand_byte(&parts) && operand < 0xc0;

    found.locked = parts.lock || (in_memory && parts.map == 1 && (parts.opcode == 0x86 || parts.opcode == 0x87));
    found.fence = found.locked || (parts.map == 2 && !parts.vector && parts.opcode == 0xae && operand == 0xf0);
    found.access = string_access(&parts, registers);
    if (in_memory && !is_no_access(&parts, operand))
        found.access = (struct access){address_of(&parts, code, registers), 1, writes_operand(&parts, operand)};
    return found;
}
#endif
