"""Runs in MongoDB."""

from __future__ import annotations

from hallow.backends.mongo.addresses import parse_mongo_db_arg
from hallow.backends.mongo.observer import DEFAULT_MONGO_PRIORITY, MongoObserver, QueueCompatibleMongoObserver
from hallow.backends.mongo.queued import QueuedMongoObserver
from hallow.backends.mongo.sanitising import force_bson_encodeable, force_valid_bson_key
from hallow.cli.builtin import mongo_db_option

__all__ = [
    "DEFAULT_MONGO_PRIORITY",
    "MongoObserver",
    "QueueCompatibleMongoObserver",
    "QueuedMongoObserver",
    "force_bson_encodeable",
    "force_valid_bson_key",
    "mongo_db_option",
    "parse_mongo_db_arg",
]
