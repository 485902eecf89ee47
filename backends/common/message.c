/* SPDX-License-Identifier: MIT */
/* Messages with descriptors over a SOCK_SEQPACKET pair: see message.h. Stateless. */
#include "backends/common/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr align;
	char space[CMSG_SPACE(MESSAGE_FDS_MAX * sizeof(int))];
};

int message_send(int socket, const struct message *msg, const int *fds, unsigned int nfds)
{
	struct iovec iov = { .iov_base = (void *)msg, .iov_len = sizeof(*msg) };
	struct msghdr hdr = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;

	if (nfds > MESSAGE_FDS_MAX)
		return -EINVAL;
	if (nfds) {
		struct cmsghdr *cmsg = &control.align;

		memset(&control, 0, sizeof(control));
		hdr.msg_control = &control;
		hdr.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, nfds * sizeof(int));
	}
	return sendmsg(socket, &hdr, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int message_receive(int socket, struct message *msg, int fds[MESSAGE_FDS_MAX])
{
	struct iovec iov = { .iov_base = msg, .iov_len = sizeof(*msg) };
	union control control;
	struct msghdr hdr = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got = recvmsg(socket, &hdr, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	for (unsigned int i = 0; i < MESSAGE_FDS_MAX; i++)
		fds[i] = -1;
	if (got < 0)
		return errno == ECONNRESET ? 0 : -errno;
	if (got == 0)
		return 0;
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&hdr); cmsg; cmsg = CMSG_NXTHDR(&hdr, cmsg)) {
		if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS)
			memcpy(fds, CMSG_DATA(cmsg), cmsg->cmsg_len - CMSG_LEN(0));
	}
	if (got != (ssize_t)sizeof(*msg)) {
		message_close_fds(fds);
		return -EBADMSG;
	}
	return 1;
}

void message_close_fds(const int fds[MESSAGE_FDS_MAX])
{
	for (unsigned int i = 0; i < MESSAGE_FDS_MAX; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}
