/* SPDX-License-Identifier: Apache-2.0 */
/* The building blocks of the INIT macros for options: zeros, except for struct_size. C++ before
   2020 has no designated initialisers, so there a function returns the struct. Not part of the
   API. */
#ifndef MMSYNC_INIT_H
#define MMSYNC_INIT_H

#ifdef __cplusplus
#define MMS__DEFINE_INIT(type)                \
    static inline type mms__init_##type(void) \
    {                                         \
        type options = type();                \
        options.struct_size = sizeof options; \
        return options;                       \
    }
#define MMS__INIT(type) mms__init_##type()
#else
/* clang-format off */
#define MMS__INIT(type) { .struct_size = sizeof(type) }
/* clang-format on */
#endif

#endif
