#include "lib/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A cut in the middle of a UTF-8 sequence would make the text invalid JSON later. */
static void trim_partial_utf8(char *text)
{
	size_t n = strlen(text);
	if (n < ERROR_TEXT_MAX - 1)
		return;
	while (n > 0 && ((unsigned char)text[n - 1] & 0xC0) == 0x80)
		n--;
	if (n > 0 && ((unsigned char)text[n - 1] & 0x80))
		text[n - 1] = '\0';
}

void error_clear(struct error *e)
{
	if (e)
		e->text[0] = '\0';
}

bool error_is_set(const struct error *e)
{
	return e && e->text[0];
}

int error_set(struct error *e, int code, const char *fmt, ...)
{
	if (!e)
		return code;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	trim_partial_utf8(e->text);
	return code;
}

int error_wrap(struct error *e, int code, const char *fmt, ...)
{
	if (!e)
		return code;
	struct error context, inner = *e;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(context.text, sizeof(context.text), fmt, ap);
	va_end(ap);
	error_set(e, code, "%.200s: %.300s", context.text, inner.text);
	return code;
}
