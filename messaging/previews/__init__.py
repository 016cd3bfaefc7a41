"""Previews of links: what a linked page says it is about, in words, fetched by the server.

`addresses` says where the server may go, `fetching` goes there, `reading` finds the words in the
page, `work` keeps them and puts them on messages. Words only: a picture would have every reader's
browser call on a stranger's server, or this one carry a stranger's files.
"""
