/* Packets between init and verify. */
#include "sandbox/build_private.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

int
report_send(int socket, const struct report *report, int fd)
{
	union control control = {0};
	struct report copy = *report;
	struct iovec part = {&copy, sizeof(copy)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	if (fd != -1) {
		message.msg_control = control.room;
		message.msg_controllen = sizeof(control.room);
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	}
	ssize_t sent;
	do
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (sent == -1 && errno == EINTR);
	return sent == (ssize_t)sizeof(copy) ? 0 : -1;
}

int
report_receive(int socket, struct report *report, int *fd, struct err *err)
{
	union control control = {0};
	struct iovec part = {report, sizeof(*report)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.room,
				 .msg_controllen = sizeof(control.room)};
	*fd = -1;
	ssize_t got;
	do
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (got == -1 && errno == EINTR);
	if (got == 0 || (got == -1 && errno == ECONNRESET))
		return 0;
	if (got == -1)
		return err_errno(err, "cannot hear the sandbox");
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (header != NULL && header->cmsg_level == SOL_SOCKET &&
	    header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(*fd)))
		memcpy(fd, CMSG_DATA(header), sizeof(*fd));
	if (got != (ssize_t)sizeof(*report))
		return err_set(err, ERR_SYSTEM, "the sandbox's report is cut short");
	report->err.message[sizeof(report->err.message) - 1] = '\0';
	return 1;
}
