from django.core.exceptions import ValidationError

CLASSES = (str.islower, str.isupper, str.isdigit, lambda character: not character.isalnum())


class CompositionValidator:
    """等保 profile: at least three of lower case, upper case, figures, other characters."""

    def validate(self, password, user=None):
        if sum(any(test(character) for character in password) for test in CLASSES) < 3:
            raise ValidationError(
                "密码须包含大写字母、小写字母、数字、符号中的至少三类。", code="password_composition"
            )

    def get_help_text(self):
        return "密码须包含大写字母、小写字母、数字、符号中的至少三类。"
