"""The reference: chat as an ordinary Channels application does it.

One consumer per socket, each with its own layer channel (Channels' default), `group_add` on
connect, one `group_send` per message, JSON made anew for each socket, and the `channels_redis`
layer that the Channels documentation configures. It signs nobody in and stores nothing, so what
it is measured at flatters it. Served by uvicorn in one process, on the same loop as this server.
"""
