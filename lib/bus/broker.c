#include "lib/bus/broker.h"

#include <errno.h>
#include <string.h>

#include "lib/base/bytes.h"
#include "lib/base/escape.h"
#include "lib/base/macros.h"

static const struct scheme {
	const char *prefix;
	bool tls, websocket;
	uint16_t port;
} schemes[] = {
	{"mqtt://", false, false, 1883},
	{"mqtts://", true, false, 8883},
	{"ws://", false, true, 80},
	{"wss://", true, true, 443},
};

static const char *const trouble_names[] = {
	[BUS_TROUBLE_NONE] = "none", [BUS_TROUBLE_RESOLVE] = "resolve_failed", [BUS_TROUBLE_CONNECT] = "connect_failed",
	[BUS_TROUBLE_TLS] = "tls_failed", [BUS_TROUBLE_LOGIN] = "auth_failed", [BUS_TROUBLE_TAKEN] = "identity_conflict",
	[BUS_TROUBLE_BUSY] = "broker_busy", [BUS_TROUBLE_PROTOCOL] = "protocol_error",
};

const char *bus_trouble_name(enum bus_trouble t) { return (size_t)t < ARRAY_LEN(trouble_names) ? trouble_names[t] : "unknown"; }

static const struct scheme *scheme_of(struct bytes url)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (bytes_starts_i(url, schemes[i].prefix))
			return &schemes[i];
	return NULL;
}

static bool decode(struct bytes in, char *out, size_t size)
{
	CLEANUP(buf_fini) struct buf text;
	buf_init(&text, size);
	return unescape_url(&text, in, false) && bytes_copy(buf_bytes(&text), out, size);
}

static bool take_credentials(struct broker *b, struct bytes *authority)
{
	struct bytes info = BYTES_NONE, user;
	for (size_t i = 0; i < authority->len; i++)
		if (authority->ptr[i] == '@')
			info = bytes_sub(*authority, 0, i);
	if (!info.ptr)
		return true;
	*authority = bytes_sub(*authority, info.len + 1, authority->len);
	bytes_split(&info, ':', &user);
	return decode(user, b->user, sizeof(b->user)) && (!info.ptr || decode(info, b->password, sizeof(b->password)));
}

/* "host", "host:port", "[v6]", "[v6]:port" */
static bool take_address(struct broker *b, struct bytes authority)
{
	struct bytes host = authority, port = BYTES_NONE;
	ptrdiff_t end = bytes_starts(authority, "[") ? bytes_find(authority, ']') : -1;
	if (end > 0) {
		host = bytes_sub(authority, 1, (size_t)end - 1);
		port = bytes_sub(authority, (size_t)end + 1, authority.len);
		if (port.len && !bytes_starts(port, ":"))
			return false;
		port = port.len ? bytes_sub(port, 1, port.len) : BYTES_NONE;
	} else if (bytes_find(authority, ':') >= 0) {
		port = authority;
		bytes_split(&port, ':', &host);
	}
	uint64_t number = b->port;
	if (port.ptr && (!bytes_to_u64(port, 65535, &number) || number == 0))
		return false;
	b->port = (uint16_t)number;
	for (size_t i = 0; i < host.len; i++)
		if (host.ptr[i] <= ' ' || strchr("/@?#\"", host.ptr[i]))
			return false;
	return host.len && bytes_copy(host, b->host, sizeof(b->host));
}

int broker_parse(struct broker *b, const char *url, bool allow_insecure, struct error *e)
{
	*b = (struct broker){0};
	struct bytes rest = bytes_of(url), authority;
	const struct scheme *s = scheme_of(rest);
	if (!s)
		return error_set(e, -EINVAL, "a broker's address begins with mqtt://, mqtts://, ws:// or wss://");
	b->tls = s->tls;
	b->websocket = s->websocket;
	b->port = s->port;
	rest = bytes_sub(rest, strlen(s->prefix), rest.len);
	bytes_split(&rest, '/', &authority);
	if (!take_credentials(b, &authority) || !take_address(b, authority))
		return error_set(e, -EINVAL, "a broker's address is SCHEME://HOST:PORT");
	if (s->websocket) {
		b->path[0] = '/';
		if (!bytes_copy(rest, b->path + 1, sizeof(b->path) - 1))
			return error_set(e, -EINVAL, "the path of the broker's address is too long");
	} else if (rest.len) {
		return error_set(e, -EINVAL, "a broker's address has no path (but ws:// and wss://)");
	}
	if (!b->tls && !allow_insecure && !broker_is_loopback(b))
		return error_set(e, -EACCES, "%s is another machine and the address is not encrypted: use mqtts://, or set ALLOW_INSECURE_MQTT=1", b->host);
	return 0;
}

void broker_text(const struct broker *b, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (schemes[i].tls == b->tls && schemes[i].websocket == b->websocket)
			buf_adds(out, schemes[i].prefix);
	bool v6 = strchr(b->host, ':') != NULL;
	buf_addf(out, "%s%s%s:%u%s", v6 ? "[" : "", b->host, v6 ? "]" : "", b->port, b->path);
}

static bool is_loopback_v4(struct bytes host)
{
	struct bytes part;
	uint64_t number;
	int parts = 0;
	for (bool first = true; bytes_split(&host, '.', &part); first = false, parts++)
		if (!bytes_to_u64(part, 255, &number) || (first && number != 127))
			return false;
	return parts == 4;
}

bool broker_is_loopback(const struct broker *b)
{
	struct bytes host = bytes_of(b->host);
	return bytes_is_i(host, "localhost") || bytes_is(host, "::1") || is_loopback_v4(host);
}
