#include "lib/fetch/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REDIRECTS_MAX 3L
#define TIMEOUT_MS 10000u

int fetch_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -EIO; }

static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
	struct buf *body = arg;
	buf_add(body, data, size * n);
	return buf_failed(body) ? 0 : size * n;
}

static int errno_of(CURLcode code, const struct buf *body)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT: return -ETIMEDOUT;
	case CURLE_COULDNT_CONNECT: return -ECONNREFUSED;
	case CURLE_COULDNT_RESOLVE_HOST: return -ENOENT;
	case CURLE_WRITE_ERROR: return buf_failed(body) ? -EFBIG : -EIO;
	case CURLE_GOT_NOTHING:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT: return -EPROTO;
	default: return -EIO;
	}
}

static void close_handle(CURL **c) { curl_easy_cleanup(*c); }
static void free_list(struct curl_slist **l) { curl_slist_free_all(*l); }

static void set_request(CURL *c, const struct fetch_request *q)
{
	long timeout_ms = q->timeout_ms ? q->timeout_ms : TIMEOUT_MS;
	curl_easy_setopt(c, CURLOPT_URL, q->url);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_NOPROXY, q->unix_socket ? "*" : NULL);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, q->connect_timeout_ms ? (long)q->connect_timeout_ms : timeout_ms);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(c, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	if (q->unix_socket)
		curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, q->unix_socket);
	if (q->body.len || strcmp(q->method, "POST") == 0) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, q->body.len ? q->body.ptr : "");
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.len);
	}
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method);
	if (q->ca_file)
		curl_easy_setopt(c, CURLOPT_CAINFO, q->ca_file);
	if (q->basic)
		curl_easy_setopt(c, CURLOPT_USERPWD, q->basic);
	if (q->bearer) {
		curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, q->bearer);
	}
}

int fetch(const struct fetch_request *q, struct fetch_response *r, struct error *e)
{
	CLEANUP(close_handle) CURL *c = curl_easy_init();
	CLEANUP(free_list) struct curl_slist *headers = NULL;
	char text[CURL_ERROR_SIZE] = "", type[256];
	if (!c)
		return error_set(e, -ENOMEM, "out of memory");
	set_request(c, q);
	headers = curl_slist_append(headers, "Expect:");
	if (q->content_type) {
		snprintf(type, sizeof(type), "Content-Type: %s", q->content_type);
		struct curl_slist *more = curl_slist_append(headers, type);
		headers = more ? more : headers;
	}
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, text);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &r->body);
	CURLcode code = curl_easy_perform(c);
	if (code != CURLE_OK)
		return error_set(e, errno_of(code, &r->body), "%s", text[0] ? text : curl_easy_strerror(code));
	long status = 0;
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	r->status = (int)status;
	return 0;
}
