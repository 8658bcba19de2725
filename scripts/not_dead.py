"""Names that vulture cannot see in use, with who uses them. Never run."""

# Flask-Login asks a learner these, and reads the last from its login manager.
_.is_active
_.is_anonymous
_.is_authenticated
_.get_id
_.session_protection

# SQLAlchemy asks a column type these.
_.impl
_.cache_ok
_.process_bind_param
_.process_result_value

# WTForms asks a field these.
_.widget
_.pre_validate
_.process_formdata
