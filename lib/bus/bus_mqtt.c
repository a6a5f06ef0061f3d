/*
 * The bus over MQTT 5: the only includer of paho. One thread of ours does all
 * calls; paho's two threads call back. A connection has a handle of its own,
 * made for it and destroyed after it, so that nothing of paho's is left over
 * from one to the next.
 *
 *            ┌───────────── retry_next_ms() ──────────────┐
 *   DOWN ─ resolve ─ connect ─ subscribe ─→ UP ─ lost ─→ DOWN
 *
 * Our lock is never held across a call of paho's: its callbacks take it.
 */
#include <MQTTAsync.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "lib/base/macros.h"
#include "lib/bus/bus.h"
#include "lib/bus/outbox.h"
#include "lib/bus/resolve.h"
#include "lib/bus/retry.h"
#include "lib/sys/clock.h"

#define FILTERS_MAX 64
#define FILTER_MAX 320
#define REASON_MAX 200
#define RESOLVE_MS 3000
#define CONNECT_S 10
#define SUBSCRIBE_US 10000000u
#define GOODBYE_US 1000000u
#define DESCRIPTORS_MAX 65536u

struct filter {
	char text[FILTER_MAX];
	unsigned flags;
	bool asked; /* on this connection */
};

struct mqtt {
	struct bus bus;
	struct bus_hooks *hooks;
	struct broker brokers[BROKERS_MAX];
	size_t n_brokers, broker; /* broker: the one whose turn it is */
	char client_id[128];
	struct bus_options options;
	struct retry retry;
	MQTTAsync client;
	pthread_t thread;

	pthread_mutex_t lock; /* for all below */
	pthread_cond_t changed;
	struct outbox outbox;
	struct filter filters[FILTERS_MAX];
	size_t n_filters;
	bool stopping;
	uint64_t flush_until_us;
	bool connected, up, lost, gone; /* gone: said goodbye */
	size_t grants_wanted;
	enum bus_trouble trouble;
	char reason[REASON_MAX], tls_reason[REASON_MAX];
};

static struct mqtt *of(struct bus *b) { return CONTAINER_OF(b, struct mqtt, bus); }

static void signal_change(struct mqtt *m)
{
	pthread_cond_signal(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

/* With the lock held. */
static void wait_until(struct mqtt *m, uint64_t end_us)
{
	struct timespec end = {.tv_sec = (time_t)(end_us / 1000000), .tv_nsec = (long)(end_us % 1000000) * 1000};
	pthread_cond_timedwait(&m->changed, &m->lock, &end);
}

/* The first trouble of a connection is the cause. With the lock held. */
static void note_trouble(struct mqtt *m, enum bus_trouble trouble, const char *reason)
{
	if (m->trouble != BUS_TROUBLE_NONE)
		return;
	m->trouble = trouble;
	snprintf(m->reason, sizeof(m->reason), "%s", reason);
}

/* MQTT 5 reason codes, sections 3.2.2.2 and 3.14.2.1. */
static enum bus_trouble trouble_of_code(int code)
{
	switch (code) {
	case 0x86:
	case 0x87:
	case 0x8A:
	case 0x8C: return BUS_TROUBLE_LOGIN;
	case 0x8E: return BUS_TROUBLE_TAKEN;
	case 0x88:
	case 0x89:
	case 0x97:
	case 0x9F: return BUS_TROUBLE_BUSY;
	default: return code > 0 ? BUS_TROUBLE_PROTOCOL : BUS_TROUBLE_CONNECT;
	}
}

static const char *reason_of_code(int code)
{
	switch (code) {
	case 0x86: return "the broker refused the user name or password";
	case 0x87: return "the broker does not let us in: not authorized";
	case 0x8E: return "another client connected with our id";
	case 0x8B: return "the broker is shutting down";
	case 0x8D: return "the broker heard nothing from us for too long";
	default: return code > 0 ? MQTTReasonCode_toString((enum MQTTReasonCodes)code) : NULL;
	}
}

/* ---- callbacks of paho's threads ---- */

static void on_connected(void *context, MQTTAsync_successData5 *data)
{
	struct mqtt *m = context;
	pthread_mutex_lock(&m->lock);
	m->connected = true;
	signal_change(m);
}

static void on_refused(void *context, MQTTAsync_failureData5 *data)
{
	struct mqtt *m = context;
	int code = data->reasonCode > 0 ? (int)data->reasonCode : data->code;
	const char *known = reason_of_code(code);
	pthread_mutex_lock(&m->lock);
	if (m->tls_reason[0])
		note_trouble(m, BUS_TROUBLE_TLS, m->tls_reason);
	note_trouble(m, trouble_of_code(code), known ? known : data->message ? data->message : "nobody answers there");
	m->lost = true;
	signal_change(m);
}

static int on_tls_error(const char *text, size_t len, void *context)
{
	struct mqtt *m = context;
	pthread_mutex_lock(&m->lock);
	if (!m->tls_reason[0])
		snprintf(m->tls_reason, sizeof(m->tls_reason), "TLS: %.*s", (int)MIN_OF(len, sizeof(m->tls_reason) - 8), text);
	pthread_mutex_unlock(&m->lock);
	return 1;
}

static void on_lost(void *context, char *cause)
{
	struct mqtt *m = context;
	pthread_mutex_lock(&m->lock);
	note_trouble(m, BUS_TROUBLE_CONNECT, "the connection was lost");
	m->lost = true;
	signal_change(m);
}

static void on_disconnected(void *context, MQTTProperties *properties, enum MQTTReasonCodes code)
{
	struct mqtt *m = context;
	const char *reason = reason_of_code((int)code);
	pthread_mutex_lock(&m->lock);
	note_trouble(m, trouble_of_code((int)code), reason ? reason : "the broker ended the connection");
	signal_change(m);
}

static struct bytes binary_property(MQTTProperties *p, enum MQTTPropertyCodes code)
{
	MQTTProperty *found = MQTTProperties_getProperty(p, code);
	return found ? (struct bytes){found->value.data.data, (size_t)found->value.data.len} : BYTES_NONE;
}

static int on_message(void *context, char *topic, int topic_len, MQTTAsync_message *message)
{
	struct mqtt *m = context;
	struct bus_message in = {
		.topic = {topic, topic_len ? (size_t)topic_len : strlen(topic)},
		.payload = {message->payload, (size_t)message->payloadlen},
		.response_topic = binary_property(&message->properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC),
		.correlation = binary_property(&message->properties, MQTTPROPERTY_CODE_CORRELATION_DATA),
		.retained = message->retained,
		.expiry_s = -1,
	};
	if (MQTTProperties_hasProperty(&message->properties, MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL))
		in.expiry_s = (int64_t)(unsigned)MQTTProperties_getNumericValue(&message->properties, MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL);
	m->hooks->on_message(m->hooks, &in);
	MQTTAsync_freeMessage(&message);
	MQTTAsync_free(topic);
	return 1;
}

/* A subscription's answer: each of them is one filter's. */
static void on_granted(void *context, MQTTAsync_successData5 *data)
{
	struct mqtt *m = context;
	pthread_mutex_lock(&m->lock);
	if ((int)data->reasonCode >= 0x80) {
		note_trouble(m, BUS_TROUBLE_LOGIN, "the broker refused a subscription");
		m->lost = true;
	}
	m->grants_wanted -= m->grants_wanted > 0;
	signal_change(m);
}

static void on_not_granted(void *context, MQTTAsync_failureData5 *data)
{
	struct mqtt *m = context;
	pthread_mutex_lock(&m->lock);
	note_trouble(m, (int)data->reasonCode >= 0x80 ? BUS_TROUBLE_LOGIN : BUS_TROUBLE_CONNECT, "a subscription failed");
	m->lost = true;
	signal_change(m);
}

/* Who a parcel's callback belongs to: paho hands over one pointer only. */
struct delivery {
	struct mqtt *mqtt;
	struct parcel *parcel;
};

static void end_delivery(struct delivery *d, bool arrived)
{
	struct mqtt *m = d->mqtt;
	pthread_mutex_lock(&m->lock);
	if (arrived)
		d->parcel->state = PARCEL_ACKNOWLEDGED;
	else
		outbox_return(&m->outbox, d->parcel);
	free(d);
	signal_change(m);
}

static void on_delivered(void *context, MQTTAsync_successData5 *data) { end_delivery(context, true); }

/* A broker's refusal (a topic it does not allow, a quota) is final; a lost line is not. */
static void on_not_delivered(void *context, MQTTAsync_failureData5 *data) { end_delivery(context, (int)data->reasonCode >= 0x80); }

static void on_goodbye(void *context, MQTTAsync_successData5 *data)
{
	struct mqtt *m = context;
	pthread_mutex_lock(&m->lock);
	m->gone = true;
	signal_change(m);
}

/* ---- our thread ---- */

static void add_number(MQTTProperties *p, enum MQTTPropertyCodes code, uint32_t value)
{
	MQTTProperty property = {.identifier = code};
	if (code == MQTTPROPERTY_CODE_RECEIVE_MAXIMUM)
		property.value.integer2 = (uint16_t)value;
	else
		property.value.integer4 = value;
	MQTTProperties_add(p, &property);
}

/* paho has no way to its descriptor (paho.mqtt.c issue 1068): each of ours that speaks to the broker's port is it. */
static void set_nodelay(uint16_t port)
{
	struct rlimit limit = {0};
	getrlimit(RLIMIT_NOFILE, &limit);
	int one = 1;
	for (int fd = 0; fd < (int)MIN_OF(limit.rlim_cur, (rlim_t)DESCRIPTORS_MAX); fd++) {
		struct sockaddr_storage peer = {0};
		socklen_t len = sizeof(peer);
		if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0)
			continue;
		uint16_t at = peer.ss_family == AF_INET ? ((struct sockaddr_in *)&peer)->sin_port
			: peer.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&peer)->sin6_port : 0;
		if (at == htons(port))
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	}
}

static void address_for_paho(const struct broker *b, char *out, size_t size)
{
	const char *scheme = b->websocket ? b->tls ? "wss" : "ws" : b->tls ? "ssl" : "tcp";
	bool v6 = strchr(b->host, ':') != NULL;
	snprintf(out, size, "%s://%s%s%s:%u%s", scheme, v6 ? "[" : "", b->host, v6 ? "]" : "", b->port, b->path);
}

static bool make_client(struct mqtt *m, const struct broker *b)
{
	char address[600];
	address_for_paho(b, address, sizeof(address));
	MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer5;
	options.maxBufferedMessages = OUTBOX_UNDER_WAY_MAX + FILTERS_MAX;
	int r = MQTTAsync_createWithOptions(&m->client, address, m->client_id, MQTTCLIENT_PERSISTENCE_NONE, NULL, &options);
	if (r == MQTTASYNC_SUCCESS)
		r = MQTTAsync_setCallbacks(m->client, m, on_lost, on_message, NULL);
	if (r == MQTTASYNC_SUCCESS)
		r = MQTTAsync_setDisconnected(m->client, m, on_disconnected);
	return r == MQTTASYNC_SUCCESS;
}

static const char *or_null(const char *s) { return *s ? s : NULL; }

static MQTTAsync_SSLOptions tls_options(struct mqtt *m, const struct broker *b)
{
	MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;
	tls.trustStore = or_null(b->ca_file);
	tls.keyStore = or_null(b->cert_file);
	tls.privateKey = or_null(b->key_file);
	tls.enableServerCertAuth = 1;
	tls.verify = 1;
	tls.disableDefaultTrustStore = b->ca_file[0] != 0;
	tls.ssl_error_cb = on_tls_error;
	tls.ssl_error_context = m;
	return tls;
}

static int connect_client(struct mqtt *m, const struct broker *b)
{
	const struct bus_options *o = &m->options;
	MQTTAsync_connectOptions plain = MQTTAsync_connectOptions_initializer5, ws = MQTTAsync_connectOptions_initializer5_ws;
	MQTTAsync_connectOptions c = b->websocket ? ws : plain;
	MQTTAsync_SSLOptions tls = tls_options(m, b);
	MQTTAsync_willOptions will_options = MQTTAsync_willOptions_initializer;
	MQTTProperties properties = MQTTProperties_initializer, will_properties = MQTTProperties_initializer;
	struct bus_will will = {0};
	char will_topic[FILTER_MAX] = "";
	c.keepAliveInterval = o->keep_alive_s;
	c.connectTimeout = CONNECT_S;
	c.cleanstart = o->session_expiry_s == 0;
	c.username = or_null(b->user);
	c.password = or_null(b->password);
	c.ssl = b->tls ? &tls : NULL;
	c.onSuccess5 = on_connected;
	c.onFailure5 = on_refused;
	c.context = m;
	c.connectProperties = &properties;
	if (o->session_expiry_s)
		add_number(&properties, MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, o->session_expiry_s);
	add_number(&properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, o->receive_maximum);
	add_number(&properties, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, o->max_packet_bytes);
	if (o->will)
		o->will(m->hooks, &will);
	if (bytes_copy(will.topic, will_topic, sizeof(will_topic)) && will_topic[0]) {
		will_options.topicName = will_topic;
		will_options.payload.data = will.payload.ptr;
		will_options.payload.len = (int)will.payload.len;
		will_options.retained = 1;
		will_options.qos = 1;
		c.will = &will_options;
		if (will.delay_s)
			add_number(&will_properties, MQTTPROPERTY_CODE_WILL_DELAY_INTERVAL, will.delay_s);
		c.willProperties = &will_properties;
	}
	int r = MQTTAsync_connect(m->client, &c);
	MQTTProperties_free(&properties);
	MQTTProperties_free(&will_properties);
	return r;
}

static void fail(struct mqtt *m, enum bus_trouble trouble, const char *reason)
{
	pthread_mutex_lock(&m->lock);
	note_trouble(m, trouble, reason);
	m->lost = true;
	pthread_mutex_unlock(&m->lock);
}

/* True when condition holds in time; false when the connection is lost or we are to stop. */
static bool await_connected(struct mqtt *m)
{
	uint64_t end_us = clock_mono_us() + (CONNECT_S + 5) * 1000000ull;
	pthread_mutex_lock(&m->lock);
	while (!m->connected && !m->lost && !m->stopping && clock_mono_us() < end_us)
		wait_until(m, end_us);
	bool connected = m->connected && !m->lost;
	if (!connected)
		note_trouble(m, BUS_TROUBLE_CONNECT, "no answer in time");
	pthread_mutex_unlock(&m->lock);
	return connected;
}

/* The next filter that was not asked for on this connection, copied out; false: none. */
static bool next_filter(struct mqtt *m, struct filter *out)
{
	bool found = false;
	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < m->n_filters && !found; i++)
		if (!m->filters[i].asked) {
			m->filters[i].asked = found = true;
			*out = m->filters[i];
			m->grants_wanted++;
		}
	pthread_mutex_unlock(&m->lock);
	return found;
}

static void subscribe_all(struct mqtt *m)
{
	struct filter f;
	while (next_filter(m, &f)) {
		MQTTAsync_responseOptions o = MQTTAsync_responseOptions_initializer;
		o.onSuccess5 = on_granted;
		o.onFailure5 = on_not_granted;
		o.context = m;
		o.subscribeOptions.noLocal = (f.flags & BUS_NO_LOCAL) != 0;
		o.subscribeOptions.retainAsPublished = (f.flags & BUS_KEEP_RETAINED_FLAG) != 0;
		o.subscribeOptions.retainHandling = f.flags & BUS_NO_RETAINED ? 2 : 0;
		if (MQTTAsync_subscribe(m->client, f.text, 1, &o) != MQTTASYNC_SUCCESS)
			fail(m, BUS_TROUBLE_CONNECT, "a subscription could not be sent");
	}
}

static bool await_grants(struct mqtt *m)
{
	uint64_t end_us = clock_mono_us() + SUBSCRIBE_US;
	pthread_mutex_lock(&m->lock);
	while (m->grants_wanted && !m->lost && clock_mono_us() < end_us)
		wait_until(m, end_us);
	bool granted = m->grants_wanted == 0 && !m->lost;
	if (!granted)
		note_trouble(m, BUS_TROUBLE_PROTOCOL, "the broker did not answer a subscription");
	m->up = granted;
	pthread_mutex_unlock(&m->lock);
	return granted;
}

static bool resolved(struct mqtt *m, const struct broker *b)
{
	int r = resolve_probe(b->host, RESOLVE_MS);
	if (r == 0)
		return true;
	char reason[REASON_MAX];
	snprintf(reason, sizeof(reason), r == -ETIMEDOUT ? "the resolver does not answer for %.100s" : "%.100s has no address", b->host);
	fail(m, BUS_TROUBLE_RESOLVE, reason);
	return false;
}

static bool connect_to(struct mqtt *m, const struct broker *b)
{
	if (!resolved(m, b))
		return false;
	if (!make_client(m, b)) {
		fail(m, BUS_TROUBLE_PROTOCOL, "the MQTT library refused the address");
		return false;
	}
	if (connect_client(m, b) != MQTTASYNC_SUCCESS) {
		fail(m, BUS_TROUBLE_CONNECT, "the connection could not be begun");
		return false;
	}
	if (!await_connected(m))
		return false;
	set_nodelay(b->port);
	subscribe_all(m);
	return await_grants(m);
}

static void send_parcel(struct mqtt *m, struct parcel *p)
{
	struct delivery *d = malloc(sizeof(*d));
	if (!d) {
		fail(m, BUS_TROUBLE_PROTOCOL, "out of memory");
		return;
	}
	*d = (struct delivery){m, p};
	MQTTAsync_message message = MQTTAsync_message_initializer;
	MQTTAsync_responseOptions o = MQTTAsync_responseOptions_initializer;
	message.payload = p->payload;
	message.payloadlen = (int)p->payload_len;
	message.qos = p->qos;
	message.retained = p->retain;
	if (p->expiry_s) {
		uint64_t waited_s = (clock_mono_us() - p->queued_us) / 1000000;
		add_number(&message.properties, MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL, p->expiry_s > waited_s ? (uint32_t)(p->expiry_s - waited_s) : 1);
	}
	if (p->correlation_len) {
		MQTTProperty correlation = {.identifier = MQTTPROPERTY_CODE_CORRELATION_DATA};
		correlation.value.data.data = p->correlation;
		correlation.value.data.len = (int)p->correlation_len;
		MQTTProperties_add(&message.properties, &correlation);
	}
	o.onSuccess5 = on_delivered;
	o.onFailure5 = on_not_delivered;
	o.context = d;
	if (MQTTAsync_sendMessage(m->client, p->topic, &message, &o) != MQTTASYNC_SUCCESS) {
		end_delivery(d, false);
		fail(m, BUS_TROUBLE_CONNECT, "a message could not be sent");
	}
	MQTTProperties_free(&message.properties);
}

static bool has_new_filter(const struct mqtt *m)
{
	for (size_t i = 0; i < m->n_filters; i++)
		if (!m->filters[i].asked)
			return true;
	return false;
}

/* Sends what is there until the connection is lost or we have stopped. */
static void serve(struct mqtt *m)
{
	for (;;) {
		pthread_mutex_lock(&m->lock);
		outbox_sweep(&m->outbox);
		struct parcel *p = m->lost ? NULL : outbox_take(&m->outbox, clock_mono_us());
		bool flushed = m->stopping && (m->outbox.count == 0 || clock_mono_us() >= m->flush_until_us);
		bool over = m->lost || flushed, filters = has_new_filter(m);
		if (!p && !over && !filters)
			wait_until(m, m->stopping ? m->flush_until_us : clock_mono_us() + 60000000);
		pthread_mutex_unlock(&m->lock);
		if (p)
			send_parcel(m, p);
		if (over)
			return;
		if (filters)
			subscribe_all(m);
	}
}

static void say_goodbye(struct mqtt *m)
{
	MQTTAsync_disconnectOptions o = MQTTAsync_disconnectOptions_initializer5;
	o.onSuccess5 = on_goodbye;
	o.context = m;
	o.timeout = 500;
	if (MQTTAsync_disconnect(m->client, &o) != MQTTASYNC_SUCCESS)
		return;
	uint64_t end_us = clock_mono_us() + GOODBYE_US;
	pthread_mutex_lock(&m->lock);
	while (!m->gone && !m->lost && clock_mono_us() < end_us)
		wait_until(m, end_us);
	pthread_mutex_unlock(&m->lock);
}

static void leave(struct mqtt *m)
{
	if (m->client)
		MQTTAsync_destroy(&m->client); /* its callbacks may still come from within */
	m->client = NULL;
	pthread_mutex_lock(&m->lock);
	outbox_rewind(&m->outbox);
	for (size_t i = 0; i < m->n_filters; i++)
		m->filters[i].asked = false;
	m->connected = m->up = m->lost = false;
	m->grants_wanted = 0;
	pthread_mutex_unlock(&m->lock);
}

static bool is_stopping(struct mqtt *m)
{
	pthread_mutex_lock(&m->lock);
	bool stopping = m->stopping;
	pthread_mutex_unlock(&m->lock);
	return stopping;
}

static void tell_and_wait(struct mqtt *m)
{
	char reason[REASON_MAX];
	pthread_mutex_lock(&m->lock);
	enum bus_trouble trouble = m->trouble;
	memcpy(reason, m->reason, sizeof(reason));
	m->trouble = BUS_TROUBLE_NONE;
	m->reason[0] = m->tls_reason[0] = 0;
	pthread_mutex_unlock(&m->lock);
	m->hooks->on_down(m->hooks, trouble, reason);
	uint64_t end_us = clock_mono_us() + retry_next_ms(&m->retry, trouble, clock_random32()) * 1000ull;
	pthread_mutex_lock(&m->lock);
	while (!m->stopping && clock_mono_us() < end_us)
		wait_until(m, end_us);
	pthread_mutex_unlock(&m->lock);
	m->broker = (m->broker + 1) % m->n_brokers;
}

static void *run(void *arg)
{
	struct mqtt *m = arg;
	while (!is_stopping(m)) {
		if (connect_to(m, &m->brokers[m->broker])) {
			retry_reset(&m->retry);
			m->hooks->on_up(m->hooks);
			serve(m);
			if (is_stopping(m))
				say_goodbye(m);
		}
		leave(m);
		if (!is_stopping(m))
			tell_and_wait(m);
	}
	return NULL;
}

/* ---- the table ---- */

static int publish(struct bus *b, const struct bus_publication *p)
{
	struct mqtt *m = of(b);
	if (p->payload.len + p->topic.len + 1024 > 256u << 20)
		return -EMSGSIZE;
	pthread_mutex_lock(&m->lock);
	int r = p->only_now && !m->up ? -ENOTCONN : outbox_add(&m->outbox, p, clock_mono_us());
	signal_change(m);
	return r;
}

static int subscribe(struct bus *b, const char *filter, unsigned flags)
{
	struct mqtt *m = of(b);
	if (strlen(filter) >= FILTER_MAX)
		return -EMSGSIZE;
	pthread_mutex_lock(&m->lock);
	int r = m->n_filters < FILTERS_MAX ? 0 : -ENOSPC;
	if (r == 0) {
		struct filter *f = &m->filters[m->n_filters++];
		*f = (struct filter){.flags = flags};
		memcpy(f->text, filter, strlen(filter) + 1);
	}
	signal_change(m);
	return r;
}

static void close_bus(struct bus *b, unsigned flush_ms)
{
	struct mqtt *m = of(b);
	pthread_mutex_lock(&m->lock);
	m->stopping = true;
	m->flush_until_us = clock_mono_us() + flush_ms * 1000ull;
	signal_change(m);
	pthread_join(m->thread, NULL);
	outbox_fini(&m->outbox);
	pthread_cond_destroy(&m->changed);
	pthread_mutex_destroy(&m->lock);
	explicit_bzero(m->brokers, sizeof(m->brokers));
	free(m);
}

static const struct bus_ops ops = {.publish = publish, .subscribe = subscribe, .close = close_bus};

static void init_library(void)
{
	MQTTAsync_init_options o = MQTTAsync_init_options_initializer;
	o.do_openssl_init = 1;
	MQTTAsync_global_init(&o);
}

static void init_lock(struct mqtt *m)
{
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

/* All signals are somebody else's, in this thread and in those that paho starts from it. */
static int start_thread(struct mqtt *m)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int r = pthread_create(&m->thread, NULL, run, m);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

int bus_mqtt_open(struct bus **out, const struct bus_options *o, struct bus_hooks *hooks, struct error *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	if (o->n_brokers == 0 || o->n_brokers > BROKERS_MAX || strlen(o->client_id) >= sizeof(((struct mqtt *)0)->client_id))
		return error_set(e, -EINVAL, "no broker, too many of them, or too long a client id");
	pthread_once(&once, init_library);
	struct mqtt *m = calloc(1, sizeof(*m));
	if (!m)
		return error_set(e, -ENOMEM, "out of memory");
	m->bus.ops = &ops;
	m->hooks = hooks;
	m->options = *o;
	m->n_brokers = o->n_brokers;
	memcpy(m->brokers, o->brokers, o->n_brokers * sizeof(*o->brokers));
	memcpy(m->client_id, o->client_id, strlen(o->client_id) + 1);
	outbox_init(&m->outbox);
	init_lock(m);
	*out = &m->bus; /* before the thread: its hooks may publish */
	int r = start_thread(m);
	if (r < 0) {
		free(m);
		return error_set(e, r, "no thread for the broker's connection: %s", strerror(-r));
	}
	return 0;
}
