#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/conf/conf.h"
#include "server/conf/schema.h"

#define DEPTH_MAX 64
#define NODES_MAX 50000
#define MOUNTS_MAX 512
#define HEADERS_MAX 64
#define LISTEN_MAX 16
#define PATH_ROOM 512

struct parse {
	struct conf *conf;
	struct conf_findings *findings;
	const struct conf_env *env;
	unsigned nodes;
	int auth_line;
	int *mount_lines; /* by mount */
	uint16_t short_port;
	char *short_address;
	bool has_port;
	uint64_t seen_root, seen_mount; /* rows that were set: a bit a row */
};

static void say(struct parse *p, enum conf_severity severity, int line, const char *path, const char *fmt, ...) PRINTF(5, 6);

static void say(struct parse *p, enum conf_severity severity, int line, const char *path, const char *fmt, ...)
{
	char msg[400];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	conf_findings_add(p->findings, severity, line, path, msg);
}

/* ---- values ---- */

/* The text of an element or attribute, trimmed; the caller frees it. NULL when it holds what is no text. */
static char *text_of(const xmlNode *list)
{
	CLEANUP(buf_fini) struct buf text;
	buf_init(&text, 65536);
	for (const xmlNode *n = list; n; n = n->next) {
		if (n->type == XML_ENTITY_REF_NODE || n->type == XML_ELEMENT_NODE)
			return NULL;
		if ((n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE) && n->content)
			buf_adds(&text, (const char *)n->content);
	}
	struct bytes trimmed = bytes_trim(buf_bytes(&text));
	return buf_failed(&text) ? NULL : strndup(trimmed.ptr ? trimmed.ptr : "", trimmed.len);
}

static bool to_bool(const char *text, bool *out)
{
	static const char *const yes[] = {"1", "yes", "true", "on"}, *const no[] = {"0", "no", "false", "off"};
	for (size_t i = 0; i < 4; i++) {
		if (strcasecmp(text, yes[i]) == 0)
			return *out = true, true;
		if (strcasecmp(text, no[i]) == 0)
			return *out = false, true;
	}
	return false;
}

/* Digits with an optional sign, and k or m behind them as icecast-kh takes them. */
static bool to_int(const char *text, int64_t *out)
{
	char *end;
	errno = 0;
	if (!isdigit((unsigned char)text[0]) && !(text[0] == '-' && isdigit((unsigned char)text[1])))
		return false;
	long long v = strtoll(text, &end, 10);
	int64_t unit = tolower((unsigned char)*end) == 'k' ? 1024 : tolower((unsigned char)*end) == 'm' ? 1024 * 1024 : 1;
	if (errno || (unit > 1 ? end[1] : end[0]) != '\0' || v > INT64_MAX / unit || v < INT64_MIN / unit)
		return false;
	*out = v * unit;
	return true;
}

static bool is_placeholder(const char *text)
{
	return strcmp(text, "@keep") == 0;
}

static void set_text(struct parse *p, const struct schema_row *row, char *at, const char *text, int line, const char *path)
{
	if (row->type == SCHEMA_SECRET && is_placeholder(text)) {
		say(p, CONF_ERROR, line, path, "\"@keep\" stands for a present value, and there is none here: give the password itself");
		return;
	}
	if (row->type == SCHEMA_SECRET && strcmp(text, "hackme") == 0)
		say(p, CONF_WARNING, line, path, "the password is \"hackme\": everybody knows it, CHANGE IT before anybody can reach this server");
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20) {
			say(p, CONF_ERROR, line, path, "a control character is in it");
			return;
		}
	free(*(char **)at);
	*(char **)at = strdup(text);
}

static void set_number(struct parse *p, const struct schema_row *row, int64_t *at, const char *text, int line, const char *path)
{
	int64_t v;
	if (!to_int(text, &v))
		say(p, CONF_ERROR, line, path, "\"%.60s\" is no number (%lld to %lld)", text, (long long)row->min, (long long)row->max);
	else if (v < row->min || v > row->max)
		say(p, CONF_ERROR, line, path, "%lld is out of range: %lld to %lld", (long long)v, (long long)row->min, (long long)row->max);
	else
		*at = v;
}

static void set_row(struct parse *p, void *base, const struct schema_row *row, const char *text, int line, const char *path)
{
	char *at = (char *)base + row->offset;
	if (*text == '\0') {
		if (row->type == SCHEMA_SECRET)
			say(p, CONF_ERROR, line, path, "it is empty: give a password");
		else
			say(p, CONF_WARNING, line, path, "it is empty: the default holds");
		return;
	}
	if (row->type == SCHEMA_TEXT || row->type == SCHEMA_SECRET)
		set_text(p, row, at, text, line, path);
	else if (row->type == SCHEMA_INT)
		set_number(p, row, (int64_t *)at, text, line, path);
	else if (!to_bool(text, (bool *)at))
		say(p, CONF_ERROR, line, path, "\"%.60s\" is neither 1 nor 0", text);
}

/* ---- rows ---- */

static const struct schema_row *find_row(const struct schema_row *rows, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].path, path) == 0)
			return &rows[i];
	return NULL;
}

static bool ignored_matches(const char *rule, const char *path)
{
	size_t n = strlen(rule);
	if (rule[n - 1] == '/') /* a block: itself and all below, or all below only where the block has rows of its own */
		return strncmp(path, rule, n) == 0 || (strncmp(path, rule, n - 1) == 0 && path[n - 1] == '\0');
	if (rule[n - 1] == '-')
		return strncmp(path, rule, n) == 0;
	return strcmp(path, rule) == 0;
}

static void say_ignored(struct parse *p, const char *path, int line)
{
	for (size_t i = 0; i < schema_ignored_n; i++)
		if (ignored_matches(schema_ignored[i].path, path)) {
			say(p, schema_ignored[i].severity, line, path, "%s", schema_ignored[i].why);
			return;
		}
	say(p, CONF_WARNING, line, path, "unknown element: ignored; is it misspelt?");
}

static void note_seen(struct parse *p, uint64_t *seen, size_t index, int line, const char *path)
{
	if (*seen >> index & 1)
		say(p, CONF_WARNING, line, path, "given twice: the last one holds");
	*seen |= 1ull << index;
}

/* A simple value, from an element or from an attribute of its parent. */
static void take_value(struct parse *p, void *base, const struct schema_row *rows, size_t n, uint64_t *seen, const char *path, const char *shown,
	const xmlNode *children, int line)
{
	const struct schema_row *row = find_row(rows, n, path);
	if (!row) {
		say_ignored(p, shown, line);
		return;
	}
	char *text = text_of(children);
	if (!text) {
		say(p, CONF_ERROR, line, shown, "it cannot be read as text (an entity or an element is in it)");
		return;
	}
	note_seen(p, seen, (size_t)(row - rows), line, shown);
	set_row(p, base, row, text, line, shown);
	free(text);
}

static bool count_node(struct parse *p, const xmlNode *n, int depth)
{
	if (++p->nodes <= NODES_MAX && depth <= DEPTH_MAX)
		return true;
	if (p->nodes == NODES_MAX + 1 || depth == DEPTH_MAX + 1)
		say(p, CONF_ERROR, (int)xmlGetLineNo(n), "", "too many elements or too deep (%d elements, %d levels)", NODES_MAX, DEPTH_MAX);
	return false;
}

/* ---- listen-socket ---- */

struct listen_parse {
	struct conf_listen listen;
	bool tls;
};

static void listen_value(struct parse *p, struct listen_parse *l, const char *name, const char *text, int line)
{
	char path[PATH_ROOM];
	int64_t v;
	bool on;
	snprintf(path, sizeof(path), "listen-socket/%.100s", name);
	if (strcmp(name, "port") == 0) {
		if (!to_int(text, &v) || v < 0 || v > 65535)
			say(p, CONF_ERROR, line, path, "\"%.40s\" is no port (0 to 65535; 0: the kernel chooses)", text);
		else
			l->listen.port = (uint16_t)v;
	} else if (strcmp(name, "bind-address") == 0) {
		free(l->listen.address);
		l->listen.address = strdup(text);
	} else if (strcmp(name, "ssl") == 0 || strcmp(name, "tls") == 0) {
		l->tls = !to_bool(text, &on) || on;
	} else {
		say_ignored(p, path, line);
	}
}

static void add_listen(struct parse *p, struct conf_listen listen, int line)
{
	struct conf *c = p->conf;
	if (c->n_listen == LISTEN_MAX) {
		say(p, CONF_ERROR, line, "listen-socket", "more than %d", LISTEN_MAX);
		free(listen.address);
		return;
	}
	for (size_t i = 0; i < c->n_listen; i++)
		if (listen.port && c->listen[i].port == listen.port && strcmp(c->listen[i].address, listen.address) == 0)
			say(p, CONF_ERROR, line, "listen-socket", "port %u is given twice", listen.port);
	c->listen = realloc(c->listen, (c->n_listen + 1) * sizeof(*c->listen));
	c->listen[c->n_listen++] = listen;
}

static void take_listen(struct parse *p, const xmlNode *block)
{
	int line = (int)xmlGetLineNo(block);
	struct listen_parse l = {.listen = {.address = strdup(""), .port = 8000}};
	for (const xmlAttr *a = block->properties; a; a = a->next) {
		char *text = text_of(a->children);
		listen_value(p, &l, (const char *)a->name, text ? text : "", line);
		free(text);
	}
	for (const xmlNode *n = block->children; n; n = n->next) {
		if (n->type != XML_ELEMENT_NODE || !count_node(p, n, 3))
			continue;
		char *text = text_of(n->children);
		listen_value(p, &l, (const char *)n->name, text ? text : "", (int)xmlGetLineNo(n));
		free(text);
	}
	if (l.tls)
		say(p, CONF_ERROR, line, "listen-socket/ssl", "this version does not speak TLS and would open port %u in clear: remove the socket or put a TLS proxy before it",
			l.listen.port);
	add_listen(p, l.listen, line);
}

/* ---- http-headers ---- */

static void take_header(struct parse *p, const xmlNode *n)
{
	struct conf *c = p->conf;
	int line = (int)xmlGetLineNo(n);
	xmlChar *name = xmlGetProp(n, BAD_CAST "name"), *value = xmlGetProp(n, BAD_CAST "value"), *status = xmlGetProp(n, BAD_CAST "status");
	int64_t code = 0;
	if (!name || !*name || strpbrk((char *)name, " :\r\n\t"))
		say(p, CONF_ERROR, line, "http-headers/header", "it needs a name without spaces and colons");
	else if (c->n_headers == HEADERS_MAX)
		say(p, CONF_ERROR, line, "http-headers/header", "more than %d", HEADERS_MAX);
	else if (status && (!to_int((char *)status, &code) || code < 100 || code > 599))
		say(p, CONF_WARNING, line, "http-headers/header", "status \"%.20s\" is no HTTP status: ignored", (char *)status);
	else {
		c->headers = realloc(c->headers, (c->n_headers + 1) * sizeof(*c->headers));
		c->headers[c->n_headers++] = (struct conf_header){strdup((char *)name), strdup(value ? (char *)value : ""), (int)code};
	}
	xmlFree(name);
	xmlFree(value);
	xmlFree(status);
}

static void take_headers(struct parse *p, const xmlNode *block)
{
	for (const xmlNode *n = block->children; n; n = n->next) {
		if (n->type != XML_ELEMENT_NODE || !count_node(p, n, 3))
			continue;
		if (strcmp((const char *)n->name, "header") == 0)
			take_header(p, n);
		else
			say(p, CONF_WARNING, (int)xmlGetLineNo(n), "http-headers", "unknown element <%.60s>: ignored", (const char *)n->name);
	}
}

/* ---- mounts ---- */

static void check_mount_name(struct parse *p, const struct conf_mount *m, size_t index, int line)
{
	char path[PATH_ROOM];
	snprintf(path, sizeof(path), "mounts[%zu] %.200s", index + 1, m->name ? m->name : "");
	if (m->name && m->name[0] != '/')
		say(p, CONF_ERROR, line, path, "mount-name: it must begin with a slash");
	else if (m->name && strlen(m->name) > 255)
		say(p, CONF_ERROR, line, path, "mount-name: longer than 255 bytes");
	else if (!m->name)
		say(p, CONF_ERROR, line, path, "mount-name: missing (or type=\"default\")");
	for (size_t i = 0; m->name && i < index; i++)
		if (p->conf->mounts[i].name && strcmp(p->conf->mounts[i].name, m->name) == 0)
			say(p, CONF_ERROR, line, path, "the mount is given twice: first in line %d", p->mount_lines[i]);
}

static void take_mount(struct parse *p, const xmlNode *block)
{
	struct conf *c = p->conf;
	int line = (int)xmlGetLineNo(block);
	struct conf_mount m = {0};
	bool is_default = false;
	if (c->n_mounts == MOUNTS_MAX) {
		say(p, CONF_ERROR, line, "mount", "more than %d", MOUNTS_MAX);
		return;
	}
	schema_init(&m, schema_mount, schema_mount_n);
	p->seen_mount = 0;
	for (const xmlAttr *a = block->properties; a; a = a->next) {
		char shown[PATH_ROOM];
		char *text = text_of(a->children);
		snprintf(shown, sizeof(shown), "mount/%.100s", (const char *)a->name);
		if (strcmp((const char *)a->name, "type") == 0 && text && (strcmp(text, "default") == 0 || strcmp(text, "normal") == 0))
			is_default = strcmp(text, "default") == 0;
		else
			take_value(p, &m, schema_mount, schema_mount_n, &p->seen_mount, (const char *)a->name, shown, a->children, line);
		free(text);
	}
	for (const xmlNode *n = block->children; n; n = n->next) {
		char shown[PATH_ROOM];
		if (n->type != XML_ELEMENT_NODE || !count_node(p, n, 3))
			continue;
		snprintf(shown, sizeof(shown), "mount/%.100s", (const char *)n->name);
		take_value(p, &m, schema_mount, schema_mount_n, &p->seen_mount, (const char *)n->name, shown, n->children, (int)xmlGetLineNo(n));
	}
	if (is_default) {
		free(m.name);
		m.name = NULL;
	} else {
		check_mount_name(p, &m, c->n_mounts, line);
	}
	c->mounts = realloc(c->mounts, (c->n_mounts + 1) * sizeof(*c->mounts));
	p->mount_lines = realloc(p->mount_lines, (c->n_mounts + 1) * sizeof(int));
	p->mount_lines[c->n_mounts] = line;
	c->mounts[c->n_mounts++] = m;
}

static const struct conf_mount *exact_mount(const struct conf *c, const char *name, size_t *index)
{
	for (size_t i = 0; i < c->n_mounts; i++)
		if (c->mounts[i].name && strcmp(c->mounts[i].name, name) == 0) {
			*index = i;
			return &c->mounts[i];
		}
	return NULL;
}

static void check_fallbacks(struct parse *p)
{
	const struct conf *c = p->conf;
	for (size_t i = 0; i < c->n_mounts; i++) {
		const struct conf_mount *m = &c->mounts[i];
		char path[PATH_ROOM];
		size_t at = i;
		if (!m->fallback_mount || !m->name)
			continue;
		snprintf(path, sizeof(path), "mounts[%zu] %.200s", i + 1, m->name);
		if (m->fallback_mount[0] != '/')
			say(p, CONF_ERROR, p->mount_lines[i], path, "fallback-mount: it must begin with a slash");
		for (size_t steps = 0; m && m->fallback_mount && steps <= c->n_mounts; steps++) {
			if (strcmp(m->fallback_mount, c->mounts[i].name) == 0) {
				say(p, CONF_ERROR, p->mount_lines[i], path, "fallback-mount: loops back to itself%s%d",
					steps ? " by way of line " : " in line ", p->mount_lines[at]);
				break;
			}
			m = exact_mount(c, m->fallback_mount, &at);
		}
	}
}

/* ---- the document ---- */

static void take_block(struct parse *p, const xmlNode *block, const char *prefix, int depth)
{
	char path[PATH_ROOM];
	for (const xmlAttr *a = block->properties; a; a = a->next) {
		snprintf(path, sizeof(path), "%.200s/%.100s", prefix, (const char *)a->name);
		take_value(p, p->conf, schema_root, schema_root_n, &p->seen_root, path, path, a->children, (int)xmlGetLineNo(block));
	}
	for (const xmlNode *n = block->children; n; n = n->next) {
		if (n->type != XML_ELEMENT_NODE || !count_node(p, n, depth))
			continue;
		snprintf(path, sizeof(path), "%.200s/%.100s", prefix, (const char *)n->name);
		if (strcmp(path, "security/changeowner") == 0)
			take_block(p, n, path, depth + 1);
		else if (strcmp(path, "logging/loglevel") != 0)
			take_value(p, p->conf, schema_root, schema_root_n, &p->seen_root, path, path, n->children, (int)xmlGetLineNo(n));
		if (strcmp(path, "limits/burst-on-connect") == 0) {
			char *text = text_of(n->children);
			bool on;
			if (text && to_bool(text, &on) && !on)
				p->conf->limits.burst_bytes = 0;
			free(text);
		}
	}
}

static void take_short_listen(struct parse *p, const xmlNode *n)
{
	char *text = text_of(n->children);
	int64_t v;
	int line = (int)xmlGetLineNo(n);
	if (strcmp((const char *)n->name, "bind-address") == 0) {
		free(p->short_address);
		p->short_address = strdup(text ? text : "");
	} else if (text && to_int(text, &v) && v >= 0 && v <= 65535) {
		p->short_port = (uint16_t)v;
		p->has_port = true;
	} else {
		say(p, CONF_ERROR, line, "port", "it is no port (0 to 65535)");
	}
	free(text);
}

static void take_log_level(struct parse *p, const xmlNode *block)
{
	static const char *const names[] = {"", "error", "warn", "info", "debug"};
	for (const xmlNode *n = block->children; n; n = n->next) {
		if (n->type != XML_ELEMENT_NODE || strcmp((const char *)n->name, "loglevel") != 0)
			continue;
		char *text = text_of(n->children);
		int64_t v = 0;
		for (int i = 1; text && i <= 4; i++)
			if (strcasecmp(text, names[i]) == 0 || (i == 2 && strcasecmp(text, "warning") == 0) || (i == 3 && strcasecmp(text, "information") == 0))
				v = i;
		if (v || (text && to_int(text, &v) && v >= 1 && v <= 4))
			p->conf->log.level = (int)v;
		else
			say(p, CONF_ERROR, (int)xmlGetLineNo(n), "logging/loglevel", "it is 1 (error) to 4 (debug)");
		free(text);
	}
}

static void take_root_child(struct parse *p, const xmlNode *n)
{
	static const char *const blocks[] = {"limits", "authentication", "paths", "logging", "security"};
	const char *name = (const char *)n->name;
	if (strcmp(name, "authentication") == 0)
		p->auth_line = (int)xmlGetLineNo(n);
	if (strcmp(name, "logging") == 0)
		take_log_level(p, n);
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
		if (strcmp(name, blocks[i]) == 0) {
			take_block(p, n, name, 3);
			return;
		}
	if (strcmp(name, "listen-socket") == 0)
		take_listen(p, n);
	else if (strcmp(name, "mount") == 0)
		take_mount(p, n);
	else if (strcmp(name, "http-headers") == 0)
		take_headers(p, n);
	else if (strcmp(name, "port") == 0 || strcmp(name, "bind-address") == 0)
		take_short_listen(p, n);
	else
		take_value(p, p->conf, schema_root, schema_root_n, &p->seen_root, name, name, n->children, (int)xmlGetLineNo(n));
}

static void complete_listen(struct parse *p)
{
	if (p->has_port || p->conf->n_listen == 0)
		add_listen(p, (struct conf_listen){strdup(p->short_address ? p->short_address : ""), p->has_port ? p->short_port : 8000}, 0);
}

static void apply_env(struct parse *p)
{
	for (int i = 0; p->env && i < CONF_OVERRIDES; i++) {
		const char *path = conf_env_path((enum conf_override)i);
		if (p->env->value[i])
			set_row(p, p->conf, find_row(schema_root, schema_root_n, path), p->env->value[i], 0, path);
	}
}

static void require_passwords(struct parse *p)
{
	const struct conf *c = p->conf;
	if (!c->auth.source_password)
		say(p, CONF_ERROR, p->auth_line, "authentication/source-password", "missing: there is no built-in password");
	if (!c->auth.admin_password)
		say(p, CONF_ERROR, p->auth_line, "authentication/admin-password", "missing: there is no built-in password");
}

/* The default mount goes last, whatever its place in the file. */
static void order_mounts(struct parse *p)
{
	struct conf *c = p->conf;
	size_t defaults = 0;
	for (size_t i = 0; i + defaults < c->n_mounts;) {
		if (c->mounts[i].name) {
			i++;
			continue;
		}
		struct conf_mount m = c->mounts[i];
		memmove(&c->mounts[i], &c->mounts[i + 1], (c->n_mounts - i - 1) * sizeof(m));
		c->mounts[c->n_mounts - 1] = m;
		defaults++;
	}
}

static void read_document(struct parse *p, xmlDoc *doc)
{
	const xmlNode *root = xmlDocGetRootElement(doc);
	if (xmlGetIntSubset(doc)) {
		say(p, CONF_ERROR, 1, "", "a DOCTYPE is not allowed here: remove it (and its entities)");
		return;
	}
	if (!root || strcmp((const char *)root->name, "icecast") != 0) {
		say(p, CONF_ERROR, root ? (int)xmlGetLineNo(root) : 1, "", "the outermost element must be <icecast>");
		return;
	}
	for (const xmlNode *n = root->children; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && count_node(p, n, 2))
			take_root_child(p, n);
	complete_listen(p);
	apply_env(p);
	require_passwords(p);
	check_fallbacks(p);
	order_mounts(p);
}

static xmlParserInputPtr refuse_external(const char *url, const char *id, xmlParserCtxtPtr context)
{
	return NULL;
}

static void say_syntax(struct parse *p, xmlErrorPtr e)
{
	struct bytes msg = bytes_trim(bytes_of(e && e->message ? e->message : "it is no XML"));
	say(p, CONF_ERROR, e ? e->line : 1, "", "%.*s", BYTES_ARG(msg));
	if (p->findings->n)
		p->findings->rows[p->findings->n - 1].col = e ? e->int2 : 0;
}

struct conf *conf_parse(struct bytes xml, const struct conf_env *env, struct conf_findings *f)
{
	struct parse p = {.findings = f, .env = env};
	if (xml.len > CONF_FILE_MAX) {
		say(&p, CONF_ERROR, 0, "", "longer than 1 MiB");
		return NULL;
	}
	p.conf = calloc(1, sizeof(*p.conf));
	if (!p.conf)
		return NULL;
	schema_init(p.conf, schema_root, schema_root_n);
	p.conf->log.level = 3;
	xmlSetExternalEntityLoader(refuse_external);
	xmlParserCtxt *context = xmlNewParserCtxt();
	xmlDoc *doc = context ? xmlCtxtReadMemory(context, xml.len ? xml.ptr : "", (int)xml.len, "icecast.xml", NULL,
					XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA)
			      : NULL;
	if (doc)
		read_document(&p, doc);
	else
		say_syntax(&p, context ? xmlCtxtGetLastError(context) : NULL);
	xmlFreeDoc(doc);
	xmlFreeParserCtxt(context);
	free(p.mount_lines);
	free(p.short_address);
	if (conf_findings_have(f, CONF_ERROR)) {
		conf_free(p.conf);
		return NULL;
	}
	return p.conf;
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_mounts; i++)
		schema_free(&c->mounts[i], schema_mount, schema_mount_n);
	for (size_t i = 0; i < c->n_listen; i++)
		free(c->listen[i].address);
	for (size_t i = 0; i < c->n_headers; i++) {
		free(c->headers[i].name);
		free(c->headers[i].value);
	}
	free(c->mounts);
	free(c->listen);
	free(c->headers);
	schema_free(c, schema_root, schema_root_n);
	free(c);
}

/* ---- look-up ---- */

static void fill_unset(struct conf_mount *out, const struct conf_mount *from)
{
	for (size_t i = 0; i < schema_mount_n; i++) {
		const struct schema_row *row = &schema_mount[i];
		char *to = (char *)out + row->offset;
		const char *value = (const char *)from + row->offset;
		if (row->type == SCHEMA_INT && *(int64_t *)to == -1)
			*(int64_t *)to = *(const int64_t *)value;
		else if (row->type == SCHEMA_BOOL)
			*(bool *)to = *(bool *)to || *(const bool *)value;
		else if ((row->type == SCHEMA_TEXT || row->type == SCHEMA_SECRET) && !*(char **)to)
			*(char **)to = *(char *const *)value;
	}
}

void conf_mount_for(const struct conf *c, const char *mount, struct conf_mount *out)
{
	size_t index;
	const struct conf_mount *found = exact_mount(c, mount, &index);
	schema_init(out, schema_mount, schema_mount_n); /* no row of a mount has a text default: nothing is allocated */
	for (size_t i = 0; !found && i < c->n_mounts; i++)
		if (c->mounts[i].name && strpbrk(c->mounts[i].name, "*?[") && fnmatch(c->mounts[i].name, mount, FNM_PATHNAME) == 0)
			found = &c->mounts[i];
	if (found)
		*out = *found;
	for (size_t i = 0; i < c->n_mounts; i++)
		if (!c->mounts[i].name)
			fill_unset(out, &c->mounts[i]);
}
