#include "lib/sys/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/sys/clock.h"
#include "lib/sys/file.h"

static bool keeps(const struct child_options *o, int fd)
{
	for (size_t i = 0; i < o->n_keep; i++)
		if (o->keep_fds[i] == fd)
			return true;
	return false;
}

/* Closes everything from 3 on but what is kept and the pipe that reports a failed exec. */
static void close_others(const struct child_options *o, int report_fd)
{
	unsigned first = 3;
	for (;;) {
		unsigned next = ~0u; /* the lowest kept descriptor from first on */
		for (size_t i = 0; i < o->n_keep; i++)
			if ((unsigned)o->keep_fds[i] >= first && (unsigned)o->keep_fds[i] < next)
				next = (unsigned)o->keep_fds[i];
		if ((unsigned)report_fd >= first && (unsigned)report_fd < next)
			next = (unsigned)report_fd;
		if (next == ~0u) {
			close_range(first, ~0u, 0);
			return;
		}
		if (next > first)
			close_range(first, next - 1, 0);
		first = next + 1;
	}
}

static void reset_signals(void)
{
	sigset_t none;
	sigemptyset(&none);
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void run_child(const struct child_options *o, int report_fd, pid_t parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (o->die_with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(127);
	}
	dup2(o->stdin_fd >= 0 ? o->stdin_fd : null, 0);
	if (o->stdout_fd >= 0)
		dup2(o->stdout_fd, 1);
	if (o->stderr_fd >= 0)
		dup2(o->stderr_fd, 2);
	close_others(o, report_fd);
	for (size_t i = 0; i < o->n_keep; i++)
		fcntl(o->keep_fds[i], F_SETFD, 0);
	if (keeps(o, report_fd))
		_exit(127);
	reset_signals();
	execvp(o->argv[0], (char *const *)o->argv);
	int code = errno;
	ssize_t n = write(report_fd, &code, sizeof(code));
	_exit(n == (ssize_t)sizeof(code) ? 127 : 126);
}

pid_t child_spawn(const struct child_options *o, struct error *e)
{
	int report[2];
	if (pipe2(report, O_CLOEXEC) < 0)
		return error_set(e, -errno, "%s: cannot be started: %s", o->argv[0], strerror(errno));
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		run_child(o, report[1], parent);
	int code = pid < 0 ? errno : 0;
	close(report[1]);
	if (pid > 0 && read(report[0], &code, sizeof(code)) == (ssize_t)sizeof(code))
		waitpid(pid, NULL, 0);
	close(report[0]);
	if (code)
		return error_set(e, -code, "%s: cannot be started: %s", o->argv[0], strerror(code));
	return pid;
}

struct pump {
	int in, out, err;
	struct bytes input;
};

static void pump_out(int *fd, struct buf *b)
{
	char chunk[8192];
	ssize_t n = read(*fd, chunk, sizeof(chunk));
	if (n <= 0)
		file_close(fd);
	else if (b && b->max - b->len > 0)
		buf_add(b, chunk, MIN_OF((size_t)n, b->max - b->len));
}

/* Moves bytes until all pipes are closed or the deadline is there. False at the deadline. */
static bool pump_run(struct pump *p, uint64_t deadline_us, struct buf *out, struct buf *err)
{
	while (p->out >= 0 || p->err >= 0) {
		uint64_t now = clock_mono_us();
		if (now >= deadline_us)
			return false;
		if (p->input.len == 0)
			file_close(&p->in);
		struct pollfd fds[3] = {{p->in, POLLOUT, 0}, {p->out, POLLIN, 0}, {p->err, POLLIN, 0}};
		if (poll(fds, 3, (int)((deadline_us - now) / 1000 + 1)) < 0 && errno != EINTR)
			return false;
		if (fds[0].revents) {
			ssize_t n = write(p->in, p->input.ptr, p->input.len);
			p->input = n < 0 && errno != EAGAIN ? BYTES_NONE : bytes_sub(p->input, n > 0 ? (size_t)n : 0, p->input.len);
		}
		if (fds[1].revents)
			pump_out(&p->out, out);
		if (fds[2].revents)
			pump_out(&p->err, err);
	}
	return true;
}

/* Waits for the end; a process that closed its output but lives on past the deadline is killed as well. */
static int reap(pid_t pid, uint64_t deadline_us, int *exit_code)
{
	int status;
	for (;;) {
		pid_t r = waitpid(pid, &status, WNOHANG);
		if (r == pid)
			break;
		if (clock_mono_us() >= deadline_us) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -ETIMEDOUT;
		}
		poll(NULL, 0, 5);
	}
	*exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}

int child_run(const char *const *argv, struct bytes input, unsigned timeout_ms, struct buf *out, struct buf *err, int *exit_code,
	struct error *e)
{
	int in[2], so[2], se[2];
	uint64_t deadline_us = clock_mono_us() + (uint64_t)timeout_ms * 1000;
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(so, O_CLOEXEC) < 0 || pipe2(se, O_CLOEXEC) < 0)
		return error_set(e, -errno, "%s: no pipe: %s", argv[0], strerror(errno));
	struct child_options o = {.argv = argv, .stdin_fd = in[0], .stdout_fd = so[1], .stderr_fd = se[1], .die_with_parent = true};
	pid_t pid = child_spawn(&o, e);
	close(in[0]);
	close(so[1]);
	close(se[1]);
	struct pump p = {.in = in[1], .out = so[0], .err = se[0], .input = input};
	fcntl(p.in, F_SETFL, O_NONBLOCK);
	int r = pid < 0 ? (int)pid : 0;
	if (pid > 0) {
		bool in_time = pump_run(&p, deadline_us, out, err);
		r = reap(pid, in_time ? deadline_us : 0, exit_code);
		if (r == -ETIMEDOUT)
			error_set(e, r, "%s: not done after %u ms", argv[0], timeout_ms);
	}
	file_close(&p.in);
	file_close(&p.out);
	file_close(&p.err);
	return r;
}
