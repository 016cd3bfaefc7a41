"""Background work: jobs that are kept in the database until they have been done.

A module declares a job with `jobs.tasks.job` and asks for it with `enqueue`, in the transaction
that makes it necessary. The interface is Django 6's (`django_tasks` brings it to 5.2); this app is
its backend: rows with leases, attempts and back-off, which workers of any number share.
"""
