/* SPDX-License-Identifier: MIT */
/*
 * The requests about domains.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore/daemon/domain.h"
#include "xenstore/daemon/path.h"
#include "xenstore/daemon/request.h"

static int reply_ok(struct request *req)
{
	conn_reply(req->conn, req->conn->hdr.type, "OK", sizeof("OK"));
	return 0;
}

/* A single domid as the whole payload. */
static int get_domid(const struct request *req, uint32_t *domid)
{
	const char *text = request_string(req);
	uint64_t number;

	if (!text || !request_number(text, UINT16_MAX, &number))
		return -EINVAL;
	*domid = (uint32_t)number;
	return 0;
}

/* The introduced domain, not 0, that the payload names. */
static int get_introduced(const struct request *req, struct domain **domain)
{
	uint32_t domid;
	int ret = get_domid(req, &domid);

	if (ret)
		return ret;
	if (!domid)
		return -EINVAL;
	*domain = domain_find(req->view.store, domid);
	return *domain && (*domain)->conn ? 0 : -ENOENT;
}

int domain_introduce_request(struct request *req)
{
	const char *strings[3];
	uint64_t domid, port;

	if (request_strings(req, strings, 3) != 3 ||
	    !request_number(strings[0], DOMID_LIMIT - 1, &domid) || !domid ||
	    !request_number(strings[2], UINT32_MAX, &port) || !port)
		return -EINVAL;
	/* The frame number may come as a signed one; it serves as a name only. */
	int ret = domain_introduce(req->view.store, (uint32_t)domid, strtoull(strings[1], NULL, 10),
				   (uint32_t)port);

	return ret ? ret : reply_ok(req);
}

int domain_release_request(struct request *req)
{
	struct domain *domain;
	int ret = get_introduced(req, &domain);

	if (ret)
		return ret;
	domain_release(req->view.store, domain);
	return reply_ok(req);
}

int domain_path_request(struct request *req)
{
	char path[sizeof(DOMAIN_PREFIX) + 8];
	uint32_t domid;
	int ret = get_domid(req, &domid);

	if (ret)
		return ret;
	snprintf(path, sizeof(path), DOMAIN_PREFIX "%u", domid);
	conn_reply(req->conn, XS_GET_DOMAIN_PATH, path, strlen(path) + 1);
	return 0;
}

int domain_is_introduced_request(struct request *req)
{
	const struct domain *domain;
	uint32_t domid;
	int ret = get_domid(req, &domid);

	if (ret)
		return ret;
	domain = domain_find(req->view.store, domid);
	conn_reply(req->conn, XS_IS_DOMAIN_INTRODUCED,
		   !domid || (domain && domain->conn) ? "T" : "F", 2);
	return 0;
}

int domain_resume_request(struct request *req)
{
	struct domain *domain;
	int ret = get_introduced(req, &domain);

	if (ret)
		return ret;
	domain->shut_down = false;
	return reply_ok(req);
}

int domain_set_target_request(struct request *req)
{
	struct domain *domain, *target;
	const char *strings[2];
	uint64_t domid, target_domid;

	if (request_strings(req, strings, 2) != 2 ||
	    !request_number(strings[0], UINT16_MAX, &domid) || !domid ||
	    !request_number(strings[1], UINT16_MAX, &target_domid) || !target_domid)
		return -EINVAL;
	domain = domain_find(req->view.store, (uint32_t)domid);
	target = domain_find(req->view.store, (uint32_t)target_domid);
	if (!domain || !target || !domain->conn || !target->conn)
		return -ENOENT;
	domain_set_target(domain, target);
	return reply_ok(req);
}
