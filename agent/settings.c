#include "agent/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/sys/file.h"

#define FILE_BYTES_MAX (64u << 10)
#define VALUE_MAX 4096

/* The file's lines, and the value found last: one lookup at a time. */
struct source {
	struct buf file;
	char value[VALUE_MAX];
};

static bool in_file(struct source *s, const char *name)
{
	struct bytes rest = buf_bytes(&s->file), line;
	bool found = false;
	while (bytes_split(&rest, '\n', &line)) {
		struct bytes value = bytes_trim(line), key;
		if (!bytes_starts(value, name) || !bytes_split(&value, '=', &key) || !bytes_is(bytes_trim(key), name))
			continue;
		found = bytes_copy(bytes_trim(value), s->value, sizeof(s->value));
	}
	return found;
}

/* NULL: not set. Borrowed until the next lookup. */
static const char *look(struct source *s, const char *name)
{
	const char *value = getenv(name);
	if (value && *value)
		return value;
	return in_file(s, name) && s->value[0] ? s->value : NULL;
}

/* NAME, or the content of the file that NAME_FILE names. out is "" when neither is there. */
static int look_secret(struct source *s, const char *name, char *out, size_t size, struct error *e)
{
	CLEANUP(buf_fini) struct buf content;
	char file_name[80];
	snprintf(file_name, sizeof(file_name), "%s_FILE", name);
	buf_init(&content, VALUE_MAX);
	out[0] = 0;
	const char *path = look(s, file_name);
	if (path) {
		int r = file_read(path, VALUE_MAX, &content, e);
		if (r < 0)
			return error_wrap(e, r, "%s", file_name);
		return bytes_copy(bytes_trim(buf_bytes(&content)), out, size) ? 0 : error_set(e, -EINVAL, "%s: too long", file_name);
	}
	const char *value = look(s, name);
	return !value || bytes_copy(bytes_of(value), out, size) ? 0 : error_set(e, -EINVAL, "%s: too long", name);
}

static int look_text(struct source *s, const char *name, const char *otherwise, char *out, size_t size, struct error *e)
{
	const char *value = look(s, name);
	return bytes_copy(bytes_of(value ? value : otherwise), out, size) ? 0 : error_set(e, -EINVAL, "%s: too long", name);
}

static int look_flag(struct source *s, const char *name, bool *out, struct error *e)
{
	struct bytes value = bytes_of(look(s, name));
	*out = bytes_is(value, "1") || bytes_is_i(value, "true") || bytes_is_i(value, "yes") || bytes_is_i(value, "on");
	bool off = !value.len || bytes_is(value, "0") || bytes_is_i(value, "false") || bytes_is_i(value, "no") || bytes_is_i(value, "off");
	return *out || off ? 0 : error_set(e, -EINVAL, "%s: 1 or 0 is wanted", name);
}

static int read_node(struct settings *o, struct source *s, struct error *e)
{
	char name[256] = "";
	const char *given = look(s, "STREAMFLEET_NODE");
	if (given) {
		snprintf(name, sizeof(name), "%s", given);
	} else {
		gethostname(name, sizeof(name) - 1);
		name[strcspn(name, ".")] = 0;
		for (char *c = name; *c; c++)
			*c = (char)tolower((unsigned char)*c);
	}
	if (!fleet_id_valid(bytes_of(name)))
		return error_set(e, -EINVAL, "STREAMFLEET_NODE: \"%.60s\"%s is no id: a-z, 0-9 and -, at most 40 characters; set one", name,
			given ? "" : " (this host's name)");
	bytes_copy(bytes_of(name), o->node, sizeof(o->node));
	return 0;
}

static int read_labels(struct settings *o, struct source *s, struct error *e)
{
	struct bytes rest = bytes_of(look(s, "STREAMFLEET_LABELS")), part;
	while (bytes_split(&rest, ',', &part)) {
		struct bytes value = bytes_trim(part), name;
		if (!value.len)
			continue;
		struct label *l = &o->labels[o->n_labels];
		if (o->n_labels == SETTINGS_LABELS_MAX || !bytes_split(&value, '=', &name) || !value.ptr || !name.len ||
			!bytes_copy(bytes_trim(name), l->name, sizeof(l->name)) || !bytes_copy(bytes_trim(value), l->value, sizeof(l->value)))
			return error_set(e, -EINVAL, "STREAMFLEET_LABELS: NAME=VALUE,... is wanted (at most 16)");
		o->n_labels++;
	}
	return 0;
}

static int read_login(struct settings *o, struct source *s, struct broker *b, struct error *e)
{
	int r = 0;
	if (!b->user[0])
		r = look_text(s, "MQTT_USERNAME", "", b->user, sizeof(b->user), e);
	if (r == 0 && !b->password[0])
		r = look_secret(s, "MQTT_PASSWORD", b->password, sizeof(b->password), e);
	if (r == 0)
		r = look_text(s, "MQTT_CA_FILE", "", b->ca_file, sizeof(b->ca_file), e);
	if (r == 0)
		r = look_text(s, "MQTT_CERT_FILE", "", b->cert_file, sizeof(b->cert_file), e);
	return r < 0 ? r : look_text(s, "MQTT_KEY_FILE", "", b->key_file, sizeof(b->key_file), e);
}

static int read_brokers(struct settings *o, struct source *s, struct error *e)
{
	char urls[VALUE_MAX], url[VALUE_MAX];
	bool insecure;
	int r = look_secret(s, "MQTT_BROKER_URL", urls, sizeof(urls), e);
	if (r == 0)
		r = look_flag(s, "ALLOW_INSECURE_MQTT", &insecure, e);
	struct bytes rest = bytes_of(urls[0] ? urls : "mqtt://127.0.0.1:1883"), part;
	while (r == 0 && bytes_split(&rest, ',', &part)) {
		if (o->n_brokers == BROKERS_MAX)
			return error_set(e, -EINVAL, "MQTT_BROKER_URL: at most %d brokers", BROKERS_MAX);
		bytes_copy(bytes_trim(part), url, sizeof(url));
		struct broker *b = &o->brokers[o->n_brokers++];
		r = broker_parse(b, url, insecure, e);
		if (r < 0)
			return error_wrap(e, r, "MQTT_BROKER_URL");
		r = read_login(o, s, b, e);
	}
	return r;
}

static int read_http(struct settings *o, struct source *s, struct error *e)
{
	const char *given = look(s, "HTTP_ADDR");
	struct bytes address = bytes_of(given ? given : "127.0.0.1:8080");
	ptrdiff_t colon = -1;
	for (size_t i = 0; i < address.len; i++)
		if (address.ptr[i] == ':')
			colon = (ptrdiff_t)i;
	uint64_t port;
	if (colon < 0 || !bytes_to_u64(bytes_sub(address, (size_t)colon + 1, address.len), 65535, &port))
		return error_set(e, -EINVAL, "HTTP_ADDR: ADDRESS:PORT is wanted, as in 127.0.0.1:8080 or 0.0.0.0:8080");
	struct bytes host = bytes_sub(address, 0, (size_t)colon);
	if (bytes_starts(host, "[") && bytes_ends(host, "]"))
		host = bytes_sub(host, 1, host.len - 2);
	o->http_port = (uint16_t)port;
	return bytes_copy(host, o->http_host, sizeof(o->http_host)) ? 0 : error_set(e, -EINVAL, "HTTP_ADDR: too long");
}

static int read_credentials(struct settings *o, struct source *s, struct error *e)
{
	char text[VALUE_MAX];
	int r = look_secret(s, "API_AUTH_CREDENTIALS", text, sizeof(text), e);
	struct bytes rest = bytes_of(text), line;
	for (size_t i = 0; i < rest.len; i++)
		if (text[i] == ';')
			text[i] = '\n';
	while (r == 0 && bytes_split(&rest, '\n', &line)) {
		struct bytes scopes = bytes_trim(line), user, token;
		if (!scopes.len)
			continue;
		struct credential *c = &o->credentials[o->n_credentials];
		if (o->n_credentials == SETTINGS_CREDENTIALS_MAX || !bytes_split(&scopes, '|', &user) || !bytes_split(&scopes, '|', &token) || token.len < 8 ||
			!scopes.len || !bytes_copy(user, c->user, sizeof(c->user)) || !bytes_copy(token, c->token, sizeof(c->token)) ||
			!bytes_copy(scopes, c->scopes, sizeof(c->scopes)))
			r = error_set(e, -EINVAL, "API_AUTH_CREDENTIALS: USER|TOKEN|SCOPES is wanted, one a line (or divided by ;), a token of at least 8 characters, scopes as in read,config or *");
		o->n_credentials++;
	}
	explicit_bzero(text, sizeof(text));
	return r;
}

/* Beside our own program, or wherever PATH has it. */
static void find_streamd(char *out, size_t size)
{
	char self[300];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n > 0 ? n : 0] = 0;
	char *slash = strrchr(self, '/');
	if (slash) {
		*slash = 0;
		snprintf(out, size, "%s/streamd", self);
	}
	if (!slash || access(out, X_OK) < 0)
		snprintf(out, size, "streamd");
}

static int read_streamd(struct settings *o, struct source *s, struct error *e)
{
	char beside[400];
	find_streamd(beside, sizeof(beside));
	const char *driver = look(s, "STREAMD_DRIVER");
	o->child = driver && strcmp(driver, "child") == 0;
	if (driver && !o->child && strcmp(driver, "socket") != 0)
		return error_set(e, -EINVAL, "STREAMD_DRIVER: child (we start streamd) or socket (it runs elsewhere) is wanted");
	o->config_given = look(s, "STREAMD_CONFIG") != NULL;
	int r = look_text(s, "STREAMD_CONFIG", "/var/lib/streamfleet/icecast.xml", o->config, sizeof(o->config), e);
	if (r == 0)
		r = look_text(s, "STREAMD_CONTROL", "/run/streamfleet/streamd.sock", o->control, sizeof(o->control), e);
	if (r == 0)
		r = look_text(s, "STREAMD_BINARY", beside, o->streamd, sizeof(o->streamd), e);
	if (r == 0)
		r = look_text(s, "STREAMFLEET_STATE", "/var/lib/streamfleet/agent", o->state, sizeof(o->state), e);
	return r < 0 ? r : look_text(s, "STREAM_AGENT_CRASH_AT", "", o->crash_at, sizeof(o->crash_at), e);
}

/* Seals are not verified by this version: a policy that relies on them must not be taken for kept. */
static int check_policy(struct source *s, struct error *e)
{
	const char *wanted = look(s, "REQUIRE_SIG");
	if (!wanted || strcmp(wanted, "off") == 0)
		return 0;
	return error_set(e, -EINVAL, "REQUIRE_SIG=%.20s: this version does not verify seals; only off can be kept", wanted);
}

static int read_all(struct settings *o, struct source *s, struct error *e)
{
	int r = check_policy(s, e);
	char prefix[128], fleet[64];
	if (r == 0)
		r = look_text(s, "MQTT_TOPIC_PREFIX", "", prefix, sizeof(prefix), e);
	if (r == 0)
		r = look_text(s, "STREAMFLEET_FLEET", "", fleet, sizeof(fleet), e);
	if (r == 0)
		r = fleet_root_init(&o->root, prefix, fleet, e);
	if (r == 0)
		r = read_node(o, s, e);
	if (r == 0)
		r = read_labels(o, s, e);
	if (r == 0)
		r = read_brokers(o, s, e);
	if (r == 0)
		r = read_http(o, s, e);
	if (r == 0)
		r = read_credentials(o, s, e);
	if (r == 0)
		r = look_flag(s, "REQUIRE_TLS", &o->require_tls, e);
	if (r == 0)
		r = look_flag(s, "TRUST_PROXY_TLS", &o->trust_proxy_tls, e);
	if (r == 0)
		r = look_flag(s, "READINESS_REQUIRE_AUTH", &o->readiness_auth, e);
	return r < 0 ? r : read_streamd(o, s, e);
}

int settings_read(struct settings *o, const char *file, struct error *e)
{
	*o = (struct settings){.ready_fd = -1};
	struct source s = {0};
	buf_init(&s.file, FILE_BYTES_MAX);
	int r = file ? file_read(file, FILE_BYTES_MAX, &s.file, e) : 0;
	if (r == 0)
		r = read_all(o, &s, e);
	if (s.file.data)
		explicit_bzero(s.file.data, s.file.len);
	explicit_bzero(s.value, sizeof(s.value));
	buf_fini(&s.file);
	return r;
}

const char *settings_label(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->n_labels; i++)
		if (strcmp(s->labels[i].name, name) == 0)
			return s->labels[i].value;
	return NULL;
}
