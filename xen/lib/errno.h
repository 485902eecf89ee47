/* SPDX-License-Identifier: MIT */
/*
 * Error numbers, as the hypercall ABI returns them negated. The values are public/errno.h's; the
 * short names are for use inside the hypervisor.
 */
#ifndef LIB_ERRNO_H
#define LIB_ERRNO_H

#define EPERM         1
#define ENOENT        2
#define ESRCH         3
#define EINTR         4
#define EIO           5
#define ENXIO         6
#define E2BIG         7
#define ENOEXEC       8
#define EBADF         9
#define EAGAIN        11
#define ENOMEM        12
#define EACCES        13
#define EFAULT        14
#define EBUSY         16
#define EEXIST        17
#define EXDEV         18
#define ENODEV        19
#define EISDIR        21
#define EINVAL        22
#define ENOSPC        28
#define EROFS         30
#define ERANGE        34
#define EDEADLK       35
#define ENOSYS        38
#define ENOTEMPTY     39
#define ENODATA       61
#define ETIME         62
#define EOVERFLOW     75
#define ERESTART      85 /* internal: the hypercall continues, see core/hypercall.h */
#define EOPNOTSUPP    95
#define EADDRINUSE    98
#define EADDRNOTAVAIL 99
#define ENOBUFS       105
#define EISCONN       106
#define ETIMEDOUT     110

#endif
