"""What a test of a connection found, and the rights that it takes, as REST tells them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from registries import verification
from registries.kube.preflight import Finding, State


class CertificateSerializer(serializers.Serializer[Any]):
    """A certificate as the server shows it, verified by nobody."""

    subject = serializers.CharField()
    issuer = serializers.CharField()
    begins = serializers.DateTimeField()
    ends = serializers.DateTimeField()
    fingerprint = serializers.CharField(help_text=_("SHA-256, as openssl prints it"))
    names = serializers.ListField(child=serializers.CharField(), help_text=_("What it is for"))
    authority = serializers.BooleanField(help_text=_("May sign others"))


class FindingSerializer(serializers.Serializer[Any]):
    step = serializers.ChoiceField(choices=list(verification.STEPS))
    state = serializers.ChoiceField(
        choices=[one.value for one in State if one is not State.RUNNING],
        help_text=_("noted: worth knowing, no obstacle. skipped: something before it failed"),
    )
    ok = serializers.BooleanField(help_text=_("Whether it has not failed"))
    text = serializers.CharField()
    code = serializers.CharField(help_text=_("Why it failed, for programs; may be empty"))
    field = serializers.CharField(help_text=_("The field to blame if the step failed"))
    fix = serializers.CharField(help_text=_("What to do about it; may be empty"))
    command = serializers.CharField(help_text=_("A shell command that does it; may be empty"))
    detail = serializers.CharField(help_text=_("What exactly was said; may be empty"))
    certificates = CertificateSerializer(many=True)
    pin = serializers.CharField(
        help_text=_("PEM that would make the server trusted. Compare its fingerprint first")
    )

    def to_representation(self, instance: Finding) -> dict[str, Any]:
        told = verification.tell(instance)
        return {
            "step": instance.step,
            "state": instance.state.value,
            "ok": instance.ok,
            "text": told.text,
            "code": instance.code,
            "field": instance.field,
            "fix": told.fix,
            "command": told.command,
            "detail": told.detail,
            "certificates": CertificateSerializer(instance.certificates, many=True).data,
            "pin": instance.pin,
        }


class ConnectionTestSerializer(serializers.Serializer[Any]):
    """All steps; those after one that failed are skipped."""

    ok = serializers.BooleanField()
    findings = FindingSerializer(many=True)


class CommandSerializer(serializers.Serializer[Any]):
    step = serializers.CharField(help_text=_("home, apply or token"))
    text = serializers.CharField()


class ManifestSerializer(serializers.Serializer[Any]):
    """What gives an account the rights that a registry needs."""

    manifest = serializers.CharField(help_text=_("YAML for kubectl apply"))
    commands = CommandSerializer(many=True)
