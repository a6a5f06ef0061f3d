#include "lib/sys/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/escape.h"

#define LINE_MAX_BYTES 2048

static _Atomic int fd_now = 2;
static _Atomic int level_now = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	atomic_store(&level_now, (int)level);
}

void log_set_fd(int fd)
{
	atomic_store(&fd_now, fd);
}

void log_write(enum log_level level, const char *area, const char *fmt, ...)
{
	static const char *const names[] = {"", "EROR", "WARN", "INFO", "DBUG"};
	if ((int)level > atomic_load(&level_now))
		return;
	char text[LINE_MAX_BYTES], stamp[32];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	time_t now = time(NULL);
	struct tm tm;
	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "[%Y-%m-%d  %H:%M:%S]", &tm);

	CLEANUP(buf_fini) struct buf line;
	buf_init(&line, LINE_MAX_BYTES * 5);
	buf_addf(&line, "%s %s %s ", stamp, names[level], area);
	escape_log(&line, bytes_of(text));
	buf_addc(&line, '\n');
	if (!buf_failed(&line) && write(atomic_load(&fd_now), line.data, line.len) < 0)
		return; /* a log that cannot be written has nobody left to tell */
}
