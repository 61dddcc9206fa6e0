"""Shapes that the API uses everywhere: people, units, amounts, ids."""

from decimal import Decimal

import django_filters
from django import forms
from django.db import models
from rest_framework import serializers

from staff.models import Unit, User


class AmountField(serializers.DecimalField):
    """An amount in 元, to the cent, as a string on the way out and in: a float would lose cents."""

    default_error_messages = {"float": '金额请用字符串给出，如 "1234.50"。'}

    def __init__(self, **kwargs):
        super().__init__(**{"max_digits": 15, "decimal_places": 2, **kwargs})

    def to_internal_value(self, data) -> Decimal:
        if isinstance(data, float | bool):
            self.fail("float")
        return super().to_internal_value(data)


# DRF's, with amounts as strings.
class ModelSerializer(serializers.ModelSerializer):
    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DecimalField: AmountField,
    }


# A person as others see them; 工号 tells namesakes apart.
class PersonSerializer(ModelSerializer):
    class Meta:
        model = User
        fields = ["employee_number", "name"]


class UnitSerializer(ModelSerializer):
    class Meta:
        model = Unit
        fields = ["code", "name"]


class PersonField(serializers.SlugRelatedField):
    """A person, named by 工号."""

    default_error_messages = {"does_not_exist": "没有工号为“{value}”的人员，或该人员不能担任。"}

    def __init__(self, **kwargs):
        super().__init__(slug_field="employee_number", **kwargs)


class UnitField(serializers.SlugRelatedField):
    """A unit, named by its code."""

    default_error_messages = {"does_not_exist": "没有代码为“{value}”的单位。"}

    def __init__(self, **kwargs):
        super().__init__(slug_field="code", **kwargs)


def checked(serializer_class: type[serializers.Serializer], request, **kwargs) -> dict:
    """The body of a request, checked by a serializer. Raises ValidationError (400) by field."""
    serializer = serializer_class(data=request.data, context={"request": request}, **kwargs)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


class IdFilter(django_filters.NumberFilter):
    """The id of a row that this one belongs to."""

    field_class = forms.IntegerField
