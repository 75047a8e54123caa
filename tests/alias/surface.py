"""The names of Sacred that code written for it imports, as data.

Each line: how often the name is met (D documented, W seen in other people's code, R rare), module, name, kind
(class, callable, module, value, any), and, where callers depend on it, the arguments.
"""

from __future__ import annotations

NAMES = """
D sacred Experiment class
D sacred Ingredient class
D sacred SETTINGS value
D sacred observers module
D sacred cli_option callable (short_flag, long_flag, is_flag=False)
D sacred host_info_gatherer callable (name)
D sacred host_info_getter callable (func=None, name=None)
D sacred __version__ value
D sacred __author__ value
D sacred __author_email__ value
D sacred __url__ value
W sacred.__about__ __version__ value
W sacred.__about__ __author__ value
W sacred.__about__ __author_email__ value
W sacred.__about__ __url__ value
W sacred commands module
W sacred utils module
W sacred config module
W sacred run module
W sacred experiment module
W sacred ingredient module
W sacred settings module
W sacred optional module
W sacred serializer module
W sacred dependencies module
W sacred host_info module
W sacred arg_parser module
W sacred commandline_options module
W sacred metrics_logger module
W sacred randomness module
W sacred stdout_capturing module
D sacred.experiment Experiment class
D sacred.experiment Ingredient class
R sacred.experiment gather_command_line_options callable (filter_disabled=None)
D sacred.ingredient Ingredient class
D sacred.run Run class (config, config_modifications, main_function, observers, root_logger, run_logger, experiment_info, host_info, pre_run_hooks, post_run_hooks, captured_out_filter=None)
D sacred.settings SETTINGS value
W sacred.settings SettingError class
R sacred.initialize create_run callable (experiment, command_name, config_updates=None, named_configs=(), force=False, log_level=None)
D sacred.config ConfigScope class
D sacred.config ConfigDict class
W sacred.config load_config_file callable
W sacred.config save_config_file callable
W sacred.config create_captured_function callable
W sacred.config chain_evaluate_config_scopes callable
W sacred.config dogmatize callable
W sacred.config undogmatize callable
D sacred.config.config_scope ConfigScope class (func)
D sacred.config.config_dict ConfigDict class (d)
W sacred.config.config_summary ConfigSummary class (added=(), modified=(), typechanged=(), ignored_fallbacks=(), docs=())
W sacred.config.config_files load_config_file callable (filename)
W sacred.config.config_files save_config_file callable (config, filename)
W sacred.config.config_files HANDLER_BY_EXT value
W sacred.config.captured_function create_captured_function callable (function, prefix=None)
W sacred.config.utils chain_evaluate_config_scopes callable (config_scopes, fixed=None, preset=None, fallback=None)
W sacred.config.utils dogmatize callable (obj)
W sacred.config.utils undogmatize callable (obj)
W sacred.config.utils recursive_fill_in callable (config, preset)
W sacred.config.utils normalize_or_die callable (obj)
R sacred.config.utils assert_is_valid_key callable (key)
W sacred.config.custom_containers DogmaticDict class (fixed=None, fallback=None)
W sacred.config.custom_containers DogmaticList class
W sacred.config.custom_containers ReadOnlyDict class
W sacred.config.custom_containers ReadOnlyList class
W sacred.config.custom_containers ReadOnlyContainer class
W sacred.config.custom_containers make_read_only callable (obj)
W sacred.config.custom_containers fallback_dict callable (fallback, **kwargs)
W sacred.config.signature Signature class (f)
W sacred.arg_parser get_config_updates callable (updates)
R sacred.arg_parser format_usage callable (program_name, description, commands=None, options=())
R sacred.arg_parser printable_usage callable (doc)
W sacred.commandline_options cli_option callable
W sacred.commandline_options CLIOption class
W sacred.commandline_options CommandLineOption class
W sacred.commands print_config callable (_run)
W sacred.commands save_config callable (_config, _log, config_filename="config.json")
W sacred.commands print_dependencies callable (_run)
W sacred.commands print_named_configs callable (ingredient)
W sacred.commands help_for_command callable (command)
D sacred.utils apply_backspaces_and_linefeeds callable (text)
D sacred.utils SacredInterrupt class
D sacred.utils TimeoutInterrupt class
W sacred.utils SacredError class (message, print_traceback, filter_traceback, print_usage)
W sacred.utils ConfigError class
W sacred.utils InvalidConfigError class
W sacred.utils ConfigAddedError class
W sacred.utils MissingConfigError class
W sacred.utils NamedConfigNotFoundError class
W sacred.utils CircularDependencyError class
W sacred.utils SignatureError class
W sacred.utils ObserverError class
W sacred.utils PathType any
W sacred.utils PATHCHANGE value
W sacred.utils recursive_update callable (d, u)
W sacred.utils convert_to_nested_dict callable (dotted_dict)
W sacred.utils iterate_flattened callable (d)
W sacred.utils iterate_flattened_separately callable (dictionary, manually_sorted_keys=None)
W sacred.utils set_by_dotted_path callable (d, path, value)
W sacred.utils get_by_dotted_path callable (d, path, default=None)
W sacred.utils iter_prefixes callable (path)
W sacred.utils join_paths callable (*parts)
W sacred.utils is_prefix callable (pre_path, path)
W sacred.utils rel_path callable (base, path)
W sacred.utils module_exists callable (modname)
W sacred.utils modules_exist callable (*names)
W sacred.utils module_is_in_cache callable (modname)
W sacred.utils get_package_version callable (name)
W sacred.utils parse_version callable (version_string)
W sacred.utils get_inheritors callable (cls)
W sacred.utils convert_camel_case_to_snake_case callable (name)
W sacred.utils ensure_wellformed_argv callable (argv)
W sacred.utils print_filtered_stacktrace callable (filter_traceback="default")
W sacred.utils format_filtered_stacktrace callable (filter_traceback="default")
W sacred.utils format_sacred_error callable (error, short_usage)
R sacred.utils create_basic_stream_logger callable ()
R sacred.utils optional_kwargs_decorator callable
R sacred.utils IntervalTimer class
W sacred.dependencies get_digest callable (filename)
W sacred.dependencies Source class
W sacred.dependencies PackageDependency class (name, version)
W sacred.dependencies gather_sources_and_dependencies callable (globs, save_git_info, base_dir=None)
W sacred.dependencies is_local_source callable (filename, modname, experiment_path)
W sacred.dependencies get_py_file_if_possible callable (pyc_name)
W sacred.dependencies PEP440_VERSION_PATTERN value
W sacred.dependencies MB value
D sacred.host_info get_host_info callable (additional_host_info=None)
D sacred.host_info host_info_gatherer callable (name)
D sacred.host_info host_info_getter callable
D sacred.host_info host_info_gatherers value
D sacred.host_info HostInfoGetter class
W sacred.metrics_logger ScalarMetricLogEntry class (name, step, timestamp, value)
W sacred.metrics_logger linearize_metrics callable (logged_metrics)
W sacred.metrics_logger MetricsLogger class
W sacred.randomness get_seed callable (rnd=None)
W sacred.randomness create_rnd callable (seed)
W sacred.randomness set_global_seed callable (seed)
W sacred.randomness SEEDRANGE value
W sacred.serializer flatten callable (obj)
W sacred.serializer restore callable (flat)
W sacred.serializer json any
W sacred.stdout_capturing get_stdcapturer callable (mode=None)
R sacred.stdout_capturing no_tee callable
R sacred.stdout_capturing tee_output_python callable
R sacred.stdout_capturing tee_output_fd callable
R sacred.stdout_capturing CapturedStdout class
R sacred.stdout_capturing flush callable
W sacred.optional optional_import callable (*names)
W sacred.optional modules_exist callable (*names)
W sacred.optional get_tensorflow callable ()
W sacred.optional has_numpy value
W sacred.optional np any
W sacred.optional has_pandas value
W sacred.optional pandas any
W sacred.optional has_yaml value
W sacred.optional yaml any
W sacred.optional has_sqlalchemy value
W sacred.optional has_tinydb value
W sacred.optional has_mako value
W sacred.optional has_tensorflow value
D sacred.stflow LogFileWriter class (experiment)
D sacred.observers RunObserver class
D sacred.observers FileStorageObserver class
D sacred.observers MongoObserver class
D sacred.observers QueuedMongoObserver class
D sacred.observers SqlObserver class
D sacred.observers TinyDbObserver class
D sacred.observers TinyDbReader class
D sacred.observers SlackObserver class
D sacred.observers TelegramObserver class
D sacred.observers S3Observer class
D sacred.observers GoogleCloudStorageObserver class
D sacred.observers QueueObserver class
D sacred.observers.base RunObserver class
W sacred.observers.base td_format callable (td_object)
D sacred.observers.file_storage FileStorageObserver class (basedir, resource_dir=None, source_dir=None, template=None, priority=20, copy_artifacts=True, copy_sources=True)
W sacred.observers.file_storage DEFAULT_FILE_STORAGE_PRIORITY value
W sacred.observers.file_storage file_storage_option callable
D sacred.observers.mongo MongoObserver class (url=None, db_name="sacred", collection="runs", collection_prefix="", overwrite=None, priority=30, client=None, failure_dir=None, **kwargs)
D sacred.observers.mongo QueuedMongoObserver class (interval=20.0, retry_interval=10.0, url=None, db_name="sacred", collection="runs", overwrite=None, priority=30, client=None, **kwargs)
W sacred.observers.mongo QueueCompatibleMongoObserver class
W sacred.observers.mongo DEFAULT_MONGO_PRIORITY value
W sacred.observers.mongo parse_mongo_db_arg callable (text)
W sacred.observers.mongo force_bson_encodeable callable (obj)
W sacred.observers.mongo force_valid_bson_key callable (key)
W sacred.observers.mongo mongo_db_option callable
D sacred.observers.queue QueueObserver class (covered_observer, interval=20.0, retry_interval=10.0)
D sacred.observers.sql SqlObserver class (url, echo=False, priority=40)
W sacred.observers.sql DEFAULT_SQL_PRIORITY value
W sacred.observers.sql sql_option callable
W sacred.observers.sql_bases Base class
W sacred.observers.sql_bases Run class
W sacred.observers.sql_bases Experiment class
W sacred.observers.sql_bases Host class
W sacred.observers.sql_bases Source class
W sacred.observers.sql_bases Resource class
W sacred.observers.sql_bases Artifact class
W sacred.observers.sql_bases Dependency class
W sacred.observers.sql_bases Repository class
D sacred.observers.tinydb_hashfs TinyDbObserver class (path="./runs_db", overwrite=None)
D sacred.observers.tinydb_hashfs TinyDbReader class (path)
W sacred.observers.tinydb_hashfs tiny_db_option callable
W sacred.observers.tinydb_hashfs.bases DateTimeSerializer class
W sacred.observers.tinydb_hashfs.bases NdArraySerializer class
W sacred.observers.tinydb_hashfs.bases DataFrameSerializer class
W sacred.observers.tinydb_hashfs.bases SeriesSerializer class
W sacred.observers.tinydb_hashfs.bases FileSerializer class
W sacred.observers.tinydb_hashfs.bases get_db_file_manager callable (root_dir)
D sacred.observers.slack SlackObserver class (webhook_url, bot_name, icon, priority, completed_text, interrupted_text, failed_text)
D sacred.observers.slack SlackObserver.from_config callable (filename)
D sacred.observers.slack DEFAULT_SLACK_PRIORITY value
D sacred.observers.telegram_obs TelegramObserver class (bot, chat_id, silent_completion=False, priority=10, **kwargs)
D sacred.observers.telegram_obs TelegramObserver.from_config callable (filename)
D sacred.observers.telegram_obs DEFAULT_TELEGRAM_PRIORITY value
D sacred.observers.s3_observer S3Observer class (bucket, basedir, resource_dir=None, source_dir=None, priority=20, region=None)
D sacred.observers.s3_observer s3_option callable
D sacred.observers.s3_observer DEFAULT_S3_PRIORITY value
D sacred.observers.gcs_observer GoogleCloudStorageObserver class (bucket, basedir, resource_dir=None, source_dir=None, priority=20)
D sacred.observers.gcs_observer gcs_option callable
D sacred.observers.gcs_observer DEFAULT_GCS_PRIORITY value
W sacred.initialize create_scaffolding callable (experiment, sorted_ingredients)
W sacred.initialize gather_ingredients_topological callable (ingredient)
W sacred.initialize distribute_config_updates callable (prefixes, scaffolding, config_updates)
W sacred.initialize distribute_presets callable (sc_path, prefixes, scaffolding, config_updates)
R sacred.initialize distribute_named_configs callable (scaffolding, named_configs)
W sacred.initialize get_configuration callable (scaffolding)
R sacred.initialize get_config_modifications callable (scaffolding)
R sacred.initialize get_command callable (scaffolding, command_path)
W sacred.initialize get_scaffolding_and_config_name callable (named_config, scaffolding)
R sacred.initialize find_best_match callable (path, prefixes)
R sacred.initialize initialize_logging callable (experiment, scaffolding, log_level=None)
W sacred.initialize Scaffold class (config_scopes, subrunners, path, captured_functions, commands, named_configs, config_hooks, generate_seed)
R sacred.initialize Scaffold._warn_about_suspicious_changes callable
R sacred.initialize Scaffold.finalize_initialization callable (self, run)
W sacred.initialize Scaffold.gather_fallbacks callable (self)
R sacred.initialize Scaffold.get_config_modifications callable (self)
W sacred.initialize Scaffold.get_config_updates_recursive callable (self)
R sacred.initialize Scaffold.get_fixture callable (self)
W sacred.initialize Scaffold.run_config_hooks callable (self, config, command_name, logger)
W sacred.initialize Scaffold.run_named_config callable (self, config_name)
W sacred.initialize Scaffold.set_up_config callable (self)
W sacred.initialize Scaffold.set_up_seed callable (self, rnd=None)
W sacred.experiment Run class
D sacred.config.config_summary ConfigSummary.update_from callable (self, other, path="")
D sacred.config.config_summary ConfigSummary.update_add callable (self, other, path="")
W sacred.config.config_scope ConfigScope.__call__ callable (self, fixed=None, preset=None, fallback=None)
W sacred.config.config_dict ConfigDict.__call__ callable (self, fixed=None, preset=None, fallback=None)
W sacred.config.signature Signature.get_free_parameters callable (self, args, kwargs, bound=False)
W sacred.config.signature Signature.construct_arguments callable (self, args, kwargs, options, bound=False)
W sacred.commandline_options CLIOption.get_name callable
W sacred.commandline_options CLIOption.get_flags callable
W sacred.commandline_options CLIOption.get_description callable
W sacred.dependencies Source.create callable (filename, save_git_info=True)
W sacred.dependencies Source.to_json callable (self, base_dir=None)
W sacred.dependencies PackageDependency.create callable
W sacred.dependencies PackageDependency.fill_missing_version callable (self)
W sacred.dependencies PackageDependency.to_json callable (self)
W sacred.metrics_logger MetricsLogger.log_scalar_metric callable
W sacred.metrics_logger MetricsLogger.get_last_metrics callable (self)
D sacred.observers.file_storage FileStorageObserver.save_file callable (self, filename, target_name=None)
W sacred.observers.file_storage FileStorageObserver.create callable
W sacred.observers.mongo MongoObserver.create callable
W sacred.observers.mongo QueuedMongoObserver.create callable
W sacred.observers.sql SqlObserver.create callable
W sacred.observers.tinydb_hashfs TinyDbObserver.create callable
W sacred.observers.tinydb_hashfs TinyDbObserver.create_from callable (db, fs, overwrite=None, root=None)
W sacred.observers.sql SqlObserver.create_from callable (engine, session, priority=40)
W sacred.observers.mongo MongoObserver.create_from callable
W sacred.observers.mongo MongoObserver.initialize callable (self, runs_collection, fs, overwrite=None, metrics_collection=None, failure_dir=None, priority=30)
W sacred.observers.sql_bases Run.to_json callable
D sacred.observers.tinydb_hashfs TinyDbReader.search callable
D sacred.observers.tinydb_hashfs TinyDbReader.fetch_metadata callable (self, exp_name=None, query=None, indices=None)
D sacred.observers.tinydb_hashfs TinyDbReader.fetch_files callable (self, exp_name=None, query=None, indices=None)
D sacred.observers.tinydb_hashfs TinyDbReader.fetch_report callable (self, exp_name=None, query=None, indices=None)
D sacred.observers.queue QueueObserver.join callable (self)
D sacred.experiment Experiment.run callable (self, command_name=None, config_updates=None, named_configs=(), info=None, meta_info=None, options=None)
D sacred.ingredient Ingredient.__init__ callable (self, path, ingredients=(), interactive=False, _caller_globals=None, base_dir=None, save_git_info=True)
D sacred.experiment Experiment.__init__ callable (self, name=None, ingredients=(), interactive=False, base_dir=None, additional_host_info=None, additional_cli_options=None, save_git_info=True)
D sacred.observers.base RunObserver.queued_event callable (self, ex_info, command, host_info, queue_time, config, meta_info, _id)
D sacred.observers.base RunObserver.started_event callable (self, ex_info, command, host_info, start_time, config, meta_info, _id)
D sacred.observers.base RunObserver.heartbeat_event callable (self, info, captured_out, beat_time, result)
D sacred.observers.base RunObserver.completed_event callable (self, stop_time, result)
D sacred.observers.base RunObserver.interrupted_event callable (self, interrupt_time, status)
D sacred.observers.base RunObserver.failed_event callable (self, fail_time, fail_trace)
D sacred.observers.base RunObserver.resource_event callable (self, filename)
D sacred.observers.base RunObserver.artifact_event callable (self, name, filename, metadata=None, content_type=None)
D sacred.observers.base RunObserver.log_metrics callable (self, metrics_by_name, info)
D sacred.observers.base RunObserver.join callable (self)
"""

#: Attributes that code reads or sets.
ATTRIBUTES = {
    "ingredient": (
        "path doc base_dir logger ingredients configurations named_configs config_hooks captured_functions "
        "pre_run_hooks post_run_hooks commands mainfile sources dependencies save_git_info"
    ),
    "experiment": (
        "observers current_run default_command captured_out_filter option_hooks info additional_host_info "
        "additional_cli_options"
    ),
    "captured": "prefix config logger rnd run signature uses_randomness",
    "run": (
        "_id config config_modifications experiment_info host_info info meta_info main_function observers "
        "pre_run_hooks post_run_hooks root_logger run_logger result status start_time stop_time captured_out "
        "captured_out_filter capture_mode beat_interval fail_trace unobserved force queue_only debug pdb"
    ),
    "file": "basedir dir resource_dir source_dir run_entry config info cout VERSION priority",
    "s3": "basedir dir resource_dir source_dir run_entry config info cout VERSION priority bucket region",
    "gcs": "basedir dir resource_dir source_dir run_entry config info cout VERSION priority bucket",
    "mongo": "runs metrics fs run_entry overwrite failure_dir VERSION priority",
    "tinydb": "db runs fs root VERSION run_entry db_run_id overwrite priority",
    "tinydb_reader": "db runs fs root VERSION",
    "sql": "engine session run priority",
    "signature": "name arguments vararg_name kw_wildcard_name positional_args kwargs",
    "summary": "added modified typechanged ignored_fallbacks docs",
    "scaffold": (
        "config_scopes named_configs subrunners path generate_seed config_hooks config_updates named_configs_to_use "
        "config fallback presets fixture logger seed rnd commands config_mods summaries captured_args"
    ),
}
