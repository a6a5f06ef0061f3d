/*
 * The few macros every file may use: CONTAINER_OF, CLEANUP, ARRAY_LEN, PRINTF.
 */
#pragma once

#include <stddef.h>

#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* A local that cleans itself: CLEANUP(buf_fini) struct buf b; */
#define CLEANUP(fn) __attribute__((cleanup(fn)))

#define PRINTF(fmt_index, first_arg) __attribute__((format(printf, fmt_index, first_arg)))
#define MUST_CHECK __attribute__((warn_unused_result))

#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))
