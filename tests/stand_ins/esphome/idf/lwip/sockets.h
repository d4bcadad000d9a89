/*
 * Sockets, which the component does not use and headers of ESPHome name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

ssize_t lwip_read(int socket, void *data, size_t size);
ssize_t lwip_readv(int socket, const iovec *parts, int count);
ssize_t lwip_write(int socket, const void *data, size_t size);
ssize_t lwip_writev(int socket, const iovec *parts, int count);
