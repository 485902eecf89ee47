/* SPDX-License-Identifier: MIT */
/* The states that frontend and backend publish in the "state" node of their xenstore directory. */
#ifndef PUBLIC_IO_XENBUS_H
#define PUBLIC_IO_XENBUS_H

enum xenbus_state {
	XenbusStateUnknown = 0,
	XenbusStateInitialising = 1,
	XenbusStateInitWait = 2,    /* backend: waiting for the frontend's details */
	XenbusStateInitialised = 3, /* frontend: details are published */
	XenbusStateConnected = 4,
	XenbusStateClosing = 5,
	XenbusStateClosed = 6,
	XenbusStateReconfiguring = 7,
	XenbusStateReconfigured = 8,
};
typedef enum xenbus_state XenbusState;

#endif /* PUBLIC_IO_XENBUS_H */
