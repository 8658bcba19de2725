"""Names that vulture cannot see in use, with who uses them. Never run."""

# Flask asks its session interface and its application these.
_.open_session
_.save_session
_.is_null_session
_.session_interface
_.testing

# Flask-Login asks a learner these, and reads the last from its login manager.
_.is_active
_.is_anonymous
_.is_authenticated
_.get_id
_.session_protection

# Jinja reads its environment.
_.undefined
_.lstrip_blocks
_.trim_blocks
_.globals

# Flask-Login registers it to be called after each request.
_._update_remember_cookie

# SQLAlchemy asks a column type these, and sqlite3 the last.
_.impl
_.cache_ok
_.process_bind_param
_.process_result_value
_.isolation_level

# Werkzeug asks a converter these.
_.regex
_.to_python
_.to_url

# WTForms asks a field and a form these.
_.widget
_.pre_validate
_.process_formdata
_.generate_csrf_token
_.Meta
_.csrf_class
_.csrf_field_name

# ElementTree writes it out after an element.
_.tail

# Markdown's inline processor begins with it.
_._InlineProcessor__handleInline

# Columns that are written for people who look into the database, and read by no page yet.
_.published_at
_.recorded_at

# Roles that an account may have; what each may do comes with their pages.
_.AUTHOR
_.EDITOR
_.ADMINISTRATOR

# What authors state and modules keep as data.
_.who
_.nature
_.frameworks

# click ends with it when a command is misused.
_.exit_code

# Jinja keeps compiled templates there, and SQLAlchemy asks an engine for it.
_.bytecode_cache
_.begin

# Hatchling loads the hook and hands it these.
AssetsAreThere
_.initialize
build_data

# Flask calls it, Flask and werkzeug read the others, logging asks the root logger for its handlers.
_.ensure_sync
_.form_data_parser_class
_.request_class
_.handlers

# Where the tests send the log, and the code that they give a fault.
_.STANDARD_OUTPUT
_.sqlite_errorcode

# zipfile writes these into the file.
_.comment
_.external_attr
_.filename
_.compress_type

# SQLAlchemy reads the first of its event; http.client, html.parser, configparser and pytest ask for the others.
_.is_disconnect
_.sock
_.handle_starttag
_.handle_endtag
_.handle_data
_.optionxform
_.pytestmark

# cpd.web.drawn asks the surroundings of a page for it.
_.open_variables

# WTForms reads it.
_.validators

# A session of requests reads it.
_.max_redirects

# http.server and socketserver ask a handler and a server for these.
_.do_POST
_.log_message
_.close_connection
_.daemon_threads

# A column that says since when, for whoever looks into the table.
_.added_at

# A person reads it: what the slow tests of faults print.
_.doubled

# WTForms reads it when a field is drawn.
_.render_kw

# aiosmtpd asks its handler these, in tests.
_.handle_RCPT
_.handle_DATA

# A line of rights.csv may say it.
_.EVERYONE

# io asks a file for it.
_.writable
