/*
 * The log: one line an event, "[2026-11-22  04:02:31] INFO area/what text", as
 * Icecast's error.log. Whatever is printed with %s is escaped (C0, DEL, C1,
 * quote, backslash) as the whole line is, so no peer can forge a line (R-LOG-1).
 *
 * Lines go to a descriptor (2 until log_open). Nothing a peer sends is logged
 * above info. Thread-safe; one write(2) a line.
 */
#pragma once

#include "lib/base/macros.h"

enum log_level { LOG_LEVEL_ERROR = 1, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_set_level(enum log_level level);
void log_set_fd(int fd); /* borrowed; may be changed at any time */

void log_write(enum log_level level, const char *area, const char *fmt, ...) PRINTF(3, 4);

#define log_error(area, ...) log_write(LOG_LEVEL_ERROR, area, __VA_ARGS__)
#define log_warn(area, ...) log_write(LOG_LEVEL_WARN, area, __VA_ARGS__)
#define log_info(area, ...) log_write(LOG_LEVEL_INFO, area, __VA_ARGS__)
#define log_debug(area, ...) log_write(LOG_LEVEL_DEBUG, area, __VA_ARGS__)
