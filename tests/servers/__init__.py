"""The servers that tests of stores talk to, started by the tests themselves: MongoDB, PostgreSQL, S3, and a proxy.

:mod:`servers.fixtures` is a pytest plug-in. A server starts when the first test asks for it, listens on loopback only,
and ends with the session, however that ends.

===================== ======= ========================================================================================
fixture               scope   what a test gets
===================== ======= ========================================================================================
``mongo_server``      session a :class:`servers.mongo.Mongo` (``HALLOW_TEST_MONGO_URI`` selects a real mongod)
``mongo_database``    test    the name of a database of its own, dropped afterwards
``mongo_commands``    test    a :class:`servers.mongo.CommandCounter` of what is sent to ``mongo_database``
``breakable_mongo``   test    a :class:`servers.mongo.MongoServer` on disk, to be killed and started again
``postgres_server``   session a :class:`servers.postgres.PostgresServer`
``postgres_database`` test    the SQLAlchemy URL of a database of its own, dropped afterwards
``breakable_postgres`` test   a :class:`servers.postgres.PostgresServer` that syncs to disk, to be killed and restarted
``s3_server``         session a :class:`servers.s3.S3Server`
``s3_bucket``         test    the name of an empty bucket; the environment leads s3fs, botocore and child processes there
``proxy_to``          test    ``proxy_to(server)``: a :class:`servers.proxy.Proxy` in front of any of them
===================== ======= ========================================================================================

Where a server cannot be had, the tests that ask for it are skipped with the reason.
"""
