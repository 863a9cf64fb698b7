"""The forms of the desk. Validators say codes of the catalogue; a page shows the sentence by the field."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TimeField,
    widgets,
)  # fmt: skip
from wtforms.validators import InputRequired, Length, NumberRange, Optional


class Words(dict[str, str]):
    """WTForms' own sentences, by our codes."""

    def gettext(self, text: str) -> str:
        return gettext(text) if text.startswith("errors.") else gettext("errors.field_invalid")

    def ngettext(self, one: str, many: str, n: int) -> str:
        return self.gettext(one)


class DeskForm(FlaskForm):
    class Meta:
        csrf = False  # the gate has checked the token of every form before the view ran
        locales = False

        def get_translations(self, form: Any) -> Words:
            return Words()

    def validate(self, extra_validators: Any = None) -> bool:
        """As WTForms does; a validator's message is a code of ours, and the page shows its sentence."""
        fine = bool(super().validate(extra_validators))
        for field in self:
            field.errors = [gettext(e) if str(e).startswith("errors.") else e for e in field.errors]
        return fine


class VersionedForm(DeskForm):
    """A form about something that another leader may change meanwhile; `version` is the one it was filled from."""

    version = HiddenField()

    def seen_version(self) -> int:
        text = self.version.data or ""
        return int(text) if text.isdecimal() and len(text) < 10 else 0


def needed() -> InputRequired:
    return InputRequired(message="errors.field_needed")


class Picks(SelectMultipleField):
    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


class SignInForm(DeskForm):
    login = StringField(validators=[needed(), Length(max=80, message="errors.field_invalid")])
    password = PasswordField(validators=[needed(), Length(max=200, message="errors.field_invalid")])


class SecondFactorForm(DeskForm):
    totp = StringField(validators=[needed(), Length(max=40, message="errors.field_invalid")])


class CrewForm(VersionedForm):
    """`accepted` is ticked by a leader who has seen the warnings; `warned` says that the page shows them."""

    crew = Picks(coerce=int)
    accepted = BooleanField()
    warned = False


class ShiftForm(CrewForm):
    team = SelectField(coerce=int)
    day = DateField(validators=[needed()])
    starts = TimeField(validators=[needed()])
    ends = TimeField(validators=[needed()])
    route = SelectField(coerce=int)
    meeting_place = StringField(validators=[Length(max=80, message="errors.too_long")])
    crew_wanted = IntegerField(
        validators=[needed(), NumberRange(1, 20, message="errors.crew_wanted_range")],
        widget=widgets.NumberInput(min=1, max=20),
    )
    fit_for_one = BooleanField()

    def times(self, zone: str) -> tuple[datetime, datetime]:
        return span_of(self.day.data, self.starts.data, self.ends.data, zone)


class CancelForm(VersionedForm):
    reason = RadioField(validators=[needed()])


class AttendForm(DeskForm):
    started = TimeField(validators=[needed()])
    ended = TimeField(validators=[needed()])


class SwapForm(DeskForm):
    """Who takes the shift, or why nobody does. `accepted` and `warned` as in the crew's form."""

    taker = RadioField(validators=[Optional()], validate_choice=False)
    reason = RadioField(validators=[Optional()], validate_choice=False)
    accepted = BooleanField()
    crew = HiddenField()
    warned = False


class LeaveForm(DeskForm):
    reason = RadioField(validators=[Optional()], validate_choice=False)
    warned = False


class ReviewForm(DeskForm):
    """`seen` is when the check-in had been decided, as far as the leader saw."""

    reason = RadioField(validators=[Optional()])
    seen = HiddenField()


def span_of(day: Any, starts: time, ends: time, zone: str) -> tuple[datetime, datetime]:
    """The instants of a local day's times; an end that is not after the start lies on the next day."""
    tz = ZoneInfo(zone)
    start = datetime.combine(day, starts, tz)
    end = datetime.combine(day if ends > starts else day + timedelta(days=1), ends, tz)
    return start, end
