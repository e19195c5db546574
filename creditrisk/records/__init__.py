"""Records and enterprises: reading, checking, identity."""

from creditrisk.records.aliases import alias_table
from creditrisk.records.identity import IdentityReport, identity_report
from creditrisk.records.reading import IdScheme, read_enterprises, read_records
from creditrisk.records.schema import (
    ATTRIBUTE_PREFIX,
    ENTERPRISE_SCHEMA,
    RECORD_SCHEMA,
    REJECT_SCHEMA,
    Enterprise,
    Record,
    record_schema,
)
from creditrisk.records.tables import Enterprises, ReadingReport, Records
from creditrisk.records.uscc import is_valid_uscc, organisation_code_check_character, uscc_check_character

__all__ = [
    "ATTRIBUTE_PREFIX",
    "ENTERPRISE_SCHEMA",
    "RECORD_SCHEMA",
    "REJECT_SCHEMA",
    "Enterprise",
    "Enterprises",
    "IdScheme",
    "IdentityReport",
    "ReadingReport",
    "Record",
    "Records",
    "alias_table",
    "identity_report",
    "is_valid_uscc",
    "organisation_code_check_character",
    "read_enterprises",
    "read_records",
    "record_schema",
    "uscc_check_character",
]
