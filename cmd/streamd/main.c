/*
 * streamd: options, wiring, exit codes.
 *   0 ended as told; 1 could not start or a check found errors; 2 wrong usage
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/sys/log.h"
#include "server/process/check.h"
#include "server/process/keeper.h"
#include "server/process/start.h"

static const char usage_text[] =
	"usage: streamd [-c FILE] [-b] [--control SOCKET] [--ready-fd N]\n"
	"       streamd --check [-c FILE] [--json]\n"
	"       streamd --healthcheck [--control SOCKET]\n"
	"\n"
	"  -c, --config FILE   an icecast.xml; without it one is made in " START_STATE_FOLDER " at the first start\n"
	"  -b, --background    go to the background\n"
	"      --control PATH  the control API's Unix socket (" START_CONTROL ")\n"
	"      --ready-fd N    write a line of JSON to descriptor N when ready\n"
	"      --check         say what is wrong with the file and what is ignored; exit 1 when it cannot be run\n"
	"      --json          ... as JSON\n"
	"      --healthcheck   ask the running streamd; exit 0 when it is healthy\n"
	"  -v, --version       the version\n"
	"  -h, --help          this\n"
	"\n"
	"Signals: HUP reloads the file, USR2 restarts the worker (no listener notices), TERM ends.\n";

enum option_id { OPT_CONTROL = 256, OPT_READY, OPT_CHECK, OPT_JSON, OPT_HEALTH, OPT_STATE };

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'}, {"background", no_argument, NULL, 'b'}, {"version", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'}, {"control", required_argument, NULL, OPT_CONTROL}, {"ready-fd", required_argument, NULL, OPT_READY},
	{"check", no_argument, NULL, OPT_CHECK}, {"json", no_argument, NULL, OPT_JSON}, {"healthcheck", no_argument, NULL, OPT_HEALTH},
	{"state", required_argument, NULL, OPT_STATE}, {0},
};

static int usage(FILE *out, int code)
{
	fputs(usage_text, out);
	return code;
}

static int fail(const struct error *e)
{
	fprintf(stderr, "streamd: %s\n", e->text);
	return 1;
}

static void print_findings(const struct start_config *c)
{
	CLEANUP(buf_fini) struct buf text;
	buf_init(&text, 1u << 20);
	conf_findings_text(&c->findings, c->path, &text);
	fputs(buf_text(&text), stderr);
}

static int run(struct start_options *o)
{
	static struct start_config c;
	static struct vault v;
	struct error e;
	int access_fd, r = start_read(&c, o, &e);
	print_findings(&c);
	if (r == 0)
		r = start_vault(&v, &c, o, &e);
	if (r == 0)
		r = start_share_control(&v, c.conf, &e);
	if (r == 0)
		r = start_drop_privileges(c.conf, &e);
	if (r == 0)
		r = start_logs(c.conf, &access_fd, &e);
	if (r < 0)
		return fail(&e);
	if (o->background && daemon(1, 0) < 0)
		return fail(&(struct error){"the background cannot be reached"});
	r = keeper_run(&v, o, c.conf, access_fd);
	vault_fini(&v);
	start_config_fini(&c);
	return r;
}

int main(int argc, char **argv)
{
	struct start_options o = {.ready_fd = -1, .state_folder = START_STATE_FOLDER};
	bool check = false, health = false;
	for (int c; (c = getopt_long(argc, argv, "c:bvh", options, NULL)) != -1;) {
		switch (c) {
		case 'c': o.config = optarg; break;
		case 'b': o.background = true; break;
		case OPT_CONTROL: o.control = optarg; break;
		case OPT_READY: o.ready_fd = atoi(optarg); break;
		case OPT_STATE: o.state_folder = optarg; break;
		case OPT_CHECK: check = true; break;
		case OPT_JSON: o.json = true; break;
		case OPT_HEALTH: health = true; break;
		case 'v': puts("streamd " STREAMFLEET_VERSION); return 0;
		case 'h': return usage(stdout, 0);
		default: return usage(stderr, 2);
		}
	}
	if (optind < argc)
		return usage(stderr, 2);
	if (check)
		return check_config(&o);
	return health ? check_health(&o) : run(&o);
}
